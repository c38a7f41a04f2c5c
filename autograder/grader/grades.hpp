// The student's last grades, remembered in .course/grades/EXERCISE.json.
#pragma once

#include <optional>
#include <string>

#include "catalogue/manifest.hpp"
#include "grader/result.hpp"

namespace course::grader {

struct Grade {
  Verdict verdict = Verdict::not_run;
  Points points;
  bool changed_since = false;  // the student's file is not the one that was graded
  std::string token;           // of the schedule that was shown; empty if none was
  std::string when;            // the day, "2026-11-28"; empty if it is not known
  std::string speed;           // what the gates measured; empty if nothing
};

// Throws std::system_error where the file cannot be written, as on a full disk. Of the solution
// only the token is kept.
void remember(const Course& course, const ExerciseResult& result);

// The token of the schedule that the last grading of `variant` showed; empty if it showed none.
[[nodiscard]] std::string remembered_token(const Course& course, const Exercise& exercise,
                                           const std::string& variant);

// None if the exercise was never graded, or what was kept cannot be read.
[[nodiscard]] std::optional<Grade> remembered(const Course& course,
                                              const Exercise& exercise);

}  // namespace course::grader
