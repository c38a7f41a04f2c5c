// `course::todo(STEP, …)`: stands where a step of an exercise is still to be written.
//
// A starter calls it in place of each step. Reaching it ends the process at once: the step
// is then "not started", which is neither passed nor failed.
#pragma once

#include <source_location>

namespace course {

// The number of a step, and where in the student's file it is still to be written.
struct Step {
  int number;
  std::source_location where;

  // Implicit, so that `todo(1)` records the caller's line.
  Step(int number_in, std::source_location where_in = std::source_location::current())
      : number(number_in), where(where_in) {}
};

// Tells the grader, or the person at the terminal, that `step` is still to be written, and
// ends the process with status 75. Never returns; any thread may call it.
[[noreturn]] void end_at(const Step& step) noexcept;

// The values are the step's parameters: naming them keeps a starter free of warnings.
template <typename... Values>
[[noreturn]] void todo(Step step, const Values&...) noexcept {
  end_at(step);
}

}  // namespace course
