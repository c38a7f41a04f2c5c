// The controls of a graded program: tests that break on purpose and must be seen to. See
// harness/controls.cpp for the tests themselves.
#pragma once

#include <optional>

#include "grader/test_run.hpp"

namespace course::grader {

// Runs the controls that `like.stage` can see, in the program of `like`. The finding for
// the first one that did not answer, which makes the program's every word worthless; none
// if all did.
[[nodiscard]] std::optional<Finding> lost_control(const TestCommand& like,
                                                  std::stop_token stop);

}  // namespace course::grader
