// What was found, as compilers write it, so that an editor marks the line:
//
//   /course/exercises/01-…/job_queue.hpp:41:5: error: lost wake-up: pop gave nothing [Queue.Pop]
//
// A failure is reported once, by the first stage that found it. A step still to be written is a
// warning at its line.
//
// Threads     Any; a pure function of its argument and of the student's file.
#pragma once

#include <string>

#include "grader/result.hpp"

namespace course::grader {

[[nodiscard]] std::string gcc_lines(const ExerciseResult& result);

}  // namespace course::grader
