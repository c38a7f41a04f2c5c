#include "grader/standing.hpp"

namespace course::grader {

Standing standing_of(const Course& course, const Exercise& exercise) {
  if (!is_started(exercise)) return {&exercise, "not started"};
  const auto grade = remembered(course, exercise);
  if (!grade) return {&exercise, "started"};
  // Some steps are written, others are not.
  if (grade->verdict == Verdict::not_started)
    return {&exercise, "started", grade->points, grade->changed_since};
  return {&exercise, std::string(name_of(grade->verdict)), grade->points,
          grade->changed_since, passes(grade->verdict) && !grade->changed_since};
}

}  // namespace course::grader
