// The stages that run an exercise's tests: unit, interleave, tsan and asan. They differ in
// the tree they run from, in how long they may take, and in whose report is read.
#pragma once

#include "grader/stages.hpp"

namespace course::grader {

// Runs the tests named in `only`, or all if it is empty.
[[nodiscard]] StageResult run_test_stage(Stage stage, const Subject& subject,
                                         Workshop& workshop,
                                         const std::vector<std::string>& only);

}  // namespace course::grader
