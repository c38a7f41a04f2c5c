// The map: every exercise with where the student stands.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "catalogue/manifest.hpp"
#include "grader/promises.hpp"

namespace course::grader {

// Where a student stands with one exercise.
struct State {
  const Exercise* exercise;
  std::string name;  // "not started", "started", or the last verdict
  Points points{0, 100, 0};
  bool changed_since_graded = false;
  bool done = false;
  std::string when = {};   // of a grading that it passed: the day; else empty
  std::string speed = {};  // what its gates measured then
};

// By what is in the student's files and was remembered of their grades.
[[nodiscard]] std::vector<State> states_of(const Course& course);

// As on a fresh clone, whatever the files hold.
[[nodiscard]] std::vector<State> fresh_states_of(const Course& course);

// Those of the lesson in the folder `lesson`.
[[nodiscard]] std::vector<State> states_in(const std::vector<State>& states,
                                           const std::string& lesson);

// The exercises under their lessons: all of them, or those of the first `lessons` and a line
// that says how many there are. Of a lesson alone the titles are whole; else each has its line.
[[nodiscard]] std::string map_of(const std::vector<State>& states, bool coloured,
                                 std::size_t lessons = 0);

}  // namespace course::grader
