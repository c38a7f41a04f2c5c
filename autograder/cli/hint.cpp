#include <fmt/format.h>

#include <cstdio>

#include "cli/commands.hpp"
#include "cli/one_exercise.hpp"
#include "student/hints.hpp"

namespace course::cli {
namespace {

int print_hints(const Common& common, const Exercise& exercise) {
  const std::size_t before = student::hints_shown(common.root, exercise);
  const std::size_t shown = student::show_another_hint(common.root, exercise);
  const std::size_t all = exercise.hints.size();
  if (before < shown) {
    fmt::print("{} {}, hint {} of {}\n\n  {}\n\n", exercise.id, exercise.name, shown, all,
               exercise.hints[shown - 1]);
    if (shown < all) {
      fmt::print("{} left: autograder/course hint {}\n", all - shown, exercise.id);
    } else {
      fmt::print(
          "That was the last. The solution beside your file: autograder/course diff {}\n",
          exercise.id);
    }
    return all_passed;
  }
  fmt::print("{} {}: you have seen all its hints.\n\n", exercise.id, exercise.name);
  for (std::size_t i = 0; i < all; ++i)
    fmt::print("  {}  {}\n", i + 1, exercise.hints[i]);
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
