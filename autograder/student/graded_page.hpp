// The page of a grading, for the person who was graded: one HTML file that needs nothing else.
//
//   results + their failing schedules  -->  of each exercise its state and points; the one
//                                           finding, with its concept, line and source; its
//                                           schedule, to step through; what to do next; each
//                                           step and each stage
//
// It tells what the terminal tells (grader/terminal.hpp). What a submission printed is text in it,
// and what that names outside of the course is not shown.
//
// Threads     None: one caller.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "catalogue/manifest.hpp"
#include "grader/build.hpp"
#include "grader/result.hpp"
#include "page/page.hpp"

namespace course::student {

// Of each of `results` the schedule that its finding names, replayed in the program that was
// graded, as page::view_of makes it; null where there is none, or it can be replayed no more.
[[nodiscard]] std::vector<nlohmann::json> schedules_of(
    const Course& course, const grader::Trees& trees,
    const std::vector<grader::ExerciseResult>& results);

// `schedules`: one for each of `results`, as above.
[[nodiscard]] std::string graded_page(const Course& course,
                                      const std::vector<grader::ExerciseResult>& results,
                                      const std::vector<nlohmann::json>& schedules,
                                      const page::Origin& origin);

}  // namespace course::student
