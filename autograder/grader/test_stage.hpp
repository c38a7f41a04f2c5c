// The stages that run an exercise's tests: unit, interleave, tsan and asan. They differ in
// the tree they run from, in how long they may take, and in whose report is read.
#pragma once

#include "grader/stages.hpp"

namespace course::grader {

[[nodiscard]] StageResult run_test_stage(Stage stage, const Subject& subject,
                                         Workshop& workshop);

}  // namespace course::grader
