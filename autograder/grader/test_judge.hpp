// What one run of one test means: in words for the student, at their line, with its concept.
//
// Threads     Immutable: any thread may call it.
#pragma once

#include <filesystem>
#include <optional>

#include "grader/stages.hpp"
#include "grader/test_run.hpp"

namespace course::grader {

class TestJudge {
 public:
  TestJudge(Stage stage, const Subject& subject, const Trees& trees);

  // None if the test passed.
  [[nodiscard]] std::optional<Finding> judge(const Test& test, const TestCommand& command,
                                             const TestRun& run) const;

  // The finding for a test whose step is still to be written; none if it is written.
  [[nodiscard]] std::optional<Finding> unwritten(const Test& test) const;

  // The finding for a test that was not run: the `seconds` of its stage were used up.
  [[nodiscard]] Finding out_of_time(const Test& test, double seconds) const;

  // Whether no other stage should wait for the test: it hung, or has a schedule that ends in
  // threads that wait for each other.
  [[nodiscard]] bool never_ends(const TestRun& run) const;

 private:
  [[nodiscard]] bool is_sanitizer() const {
    return stage_ == Stage::tsan || stage_ == Stage::asan;
  }
  [[nodiscard]] std::optional<Finding> finding_for(const TestCommand& command,
                                                   const TestRun& run) const;
  [[nodiscard]] std::optional<Finding> too_few_schedules(
      const TestRun& run, const TestCommand& command) const;
  [[nodiscard]] std::optional<Finding> judge_report(const TestCommand& command,
                                                    const TestRun& run) const;
  [[nodiscard]] std::string concept_for(const Test& test) const;
  void name_variant(Finding& finding) const;
  void show_own_frames(const std::string& stacks, Finding& finding) const;

  Stage stage_;
  const Subject& subject_;
  std::filesystem::path file_;  // what is graded: the student's, a solution or a mutant
};

}  // namespace course::grader
