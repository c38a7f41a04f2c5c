// What the runs of one stage told, test by test, and the stage's result made of it.
//
//   add      each run's finding, or that it passed      --+
//   leave_*  each test that is not run (again), and why --+--> result()
//
// Threads     Any; each call is one step of its own.
// Invariant   Of each test the first run that did not pass is reported, and no other.
#pragma once

#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "grader/result.hpp"
#include "grader/test_run.hpp"

namespace course::grader {

class TestSummary {
 public:
  // `tests` must outlive this object.
  TestSummary(Stage stage, const std::vector<Test>& tests);

  // -- What happened -------------------------------------------------------------------------

  void note(std::string text);
  // Of the program as a whole: a control that did not answer.
  void add(Finding finding);
  // Of one run of `test`; no finding: it passed.
  void add(const Test& test, std::optional<Finding> finding, const TestRun& run);
  // Of a test that was not run.
  void add(const Test& test, Finding finding);
  // An earlier stage saw that it never ends. It has no check here, which is not a pass.
  void leave_to_earlier_stage();
  // Its step must be fixed first.
  void leave_at_first_look();

  // -- What is known so far ------------------------------------------------------------------

  // One failure is enough.
  [[nodiscard]] bool failed(const Test& test) const;
  // Something of its step must be fixed, so the rest of that step is not run; what is said of
  // the other steps is decided by the whole search. A control that fails breaks every step.
  [[nodiscard]] bool step_is_broken(const Test& test) const;
  // The tests that held in every run so far.
  [[nodiscard]] std::vector<const Test*> held() const;
  // Every behaviour of each of its explorations was checked.
  [[nodiscard]] bool all_explored(const Test& test) const;

  // -- The end -------------------------------------------------------------------------------

  [[nodiscard]] StageResult result(double seconds) const;

 private:
  using Explorations = std::vector<nlohmann::json>;

  void add_locked(const Test& test, std::optional<Finding> finding, double seconds);
  [[nodiscard]] std::vector<Finding> told() const;
  [[nodiscard]] std::vector<std::string> notes() const;
  void note_exploration(std::vector<std::string>& notes) const;

  Stage stage_;
  const std::vector<Test>& tests_;

  mutable std::mutex mutex_;  // guards all below
  std::map<std::string, Check> checks_;
  std::vector<Finding> findings_;
  std::vector<std::string> notes_;
  std::map<std::string, Explorations> explored_;  // by test, the last look at it
  bool first_look_only_ = false;
  int left_to_earlier_stages_ = 0;
};

}  // namespace course::grader
