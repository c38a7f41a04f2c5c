// One sentence with a command in it: what somebody should do next.
#pragma once

#include <string>
#include <vector>

#include "grader/map.hpp"
#include "grader/result.hpp"

namespace course::grader {

// The command that grades `subject` again.
[[nodiscard]] std::string grade_command(const Subject& subject);

// After a grading that ended with `results`.
[[nodiscard]] std::string what_next(const Course& course,
                                    const std::vector<ExerciseResult>& results);

// For somebody who looks at the whole course.
[[nodiscard]] std::string what_next(const Course& course,
                                    const std::vector<State>& states);

}  // namespace course::grader
