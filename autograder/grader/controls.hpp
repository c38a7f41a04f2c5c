// The control of a graded program: a test that held is run once more, and must be seen to fail.
// Nothing that the program can ask tells that run from any other: see harness/controls.hpp for
// what breaks in it.
#pragma once

#include <optional>

#include "grader/test_run.hpp"

namespace course::grader {

// `command` as a control.
[[nodiscard]] TestCommand as_control(TestCommand command);

// Whether `run`, of a control in `stage`, came to its own end: only then it had to answer.
[[nodiscard]] bool came_to_its_end(const TestRun& run);

// The finding for a control that did not answer, which makes the program's every word
// worthless; none if it did.
[[nodiscard]] std::optional<Finding> lost_control(Stage stage, const TestRun& run);

}  // namespace course::grader
