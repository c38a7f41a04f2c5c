#include <fmt/format.h>

#include <cstdio>

#include "cli/commands.hpp"
#include "cli/one_exercise.hpp"
#include "grader/wrapping.hpp"
#include "student/hints.hpp"

namespace course::cli {
namespace {

int print_hints(const Common& common, const Exercise& exercise) {
  const std::size_t before = student::hints_shown(common.root, exercise);
  const std::size_t shown = student::show_another_hint(common.root, exercise);
  const std::size_t all = exercise.hints.size();
  if (before < shown) {
    fmt::print("{} {}, hint {} of {}\n\n{}\n", exercise.id, exercise.name, shown, all,
               grader::wrapped(exercise.hints[shown - 1], 2));
    if (shown < all) {
      fmt::print("{} left: autograder/course hint {}\n", all - shown, exercise.id);
    } else {
      fmt::print("That was the last. Beside the solution: autograder/course diff {}\n",
                 exercise.id);
    }
    return all_passed;
  }
  fmt::print("{} {}: you have seen all its hints.\n\n", exercise.id, exercise.name);
  for (std::size_t i = 0; i < all; ++i) {
    std::string hint = grader::wrapped(exercise.hints[i], 5);
    hint.replace(2, 1, std::to_string(i + 1));
    fmt::print("{}", hint);
  }
  fmt::print("\nThe solution beside your file: autograder/course diff {}\n", exercise.id);
  return all_passed;
}

int hint(const Common& common, const std::string& id) {
  return with_exercise(
      common, id, [&](const auto& exercise) { return print_hints(common, exercise); });
}

}  // namespace

void add_hint(const CommandLine& line) {
  add_for_exercise(line, "hint", "The next hint of an exercise, one at a time", hint);
}

}  // namespace course::cli
