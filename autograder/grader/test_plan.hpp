// Which runs a stage makes of which tests: in which order, with which seed, and how long each
// may take.
//
//   unit         three rounds, each in another order with another seed
//   interleave   a first look at every test for some schedules, where most mistakes show; then
//                at what held for as many as the tests ask
//   tsan, asan   one round
//
// Threads     Immutable: any thread may read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "grader/stages.hpp"
#include "grader/test_run.hpp"

namespace course::grader {

// One run of one test that is to be made.
struct Turn {
  const Test* test;
  int round;  // from 0
};

class TestPlan {
 public:
  // Of the tests named in `only`, or of all if it is empty. `fixed_addresses`: the stage's
  // sanitizer cannot start otherwise.
  TestPlan(Stage stage, const Subject& subject, const Workshop& workshop,
           bool fixed_addresses, const std::vector<std::string>& only);

  [[nodiscard]] const std::vector<Test>& tests() const { return tests_; }
  // nullptr if there is none of that name.
  [[nodiscard]] const Test* test_named(const std::string& name) const;

  // Every turn, in the order in which they are taken, but for those that prove needless.
  [[nodiscard]] std::vector<Turn> turns() const;
  // A second look is for what held at the first.
  [[nodiscard]] bool is_second_look(const Turn& turn) const;
  // So many turns may be taken at once.
  [[nodiscard]] unsigned width() const;

  // How `turn` is run, in at most `seconds_left`.
  [[nodiscard]] TestCommand command_for(const Turn& turn, double seconds_left) const;
  // A run of `test` as any turn may be one: a first one, or of a later round.
  [[nodiscard]] TestCommand command_for_control(const Test& test) const;
  // What all turns together may take.
  [[nodiscard]] double seconds() const;

 private:
  [[nodiscard]] TestCommand command_for(const std::string& test, int round) const;

  Stage stage_;
  const Subject& subject_;
  const Workshop& workshop_;
  bool fixed_addresses_;
  std::vector<Test> tests_;
};

}  // namespace course::grader
