// Where a student stands with one exercise, by their file and their last grade.
#pragma once

#include <string>

#include "grader/grades.hpp"

namespace course::grader {

struct Standing {
  const Exercise* exercise;
  std::string name;  // "not started", "started", or the last verdict
  Points points{0, 100, 0};
  bool changed_since_graded = false;
  bool done = false;
};

[[nodiscard]] Standing standing_of(const Course& course, const Exercise& exercise);

}  // namespace course::grader
