#include <fmt/format.h>

#include <cstdio>
#include <stdexcept>

#include "author/scaffold.hpp"
#include "cli/commands.hpp"
#include "cli/one_exercise.hpp"

namespace course::cli {
namespace {

void print_files(const Common& common, const std::vector<std::filesystem::path>& files) {
  for (const auto& file : files) fmt::print("wrote {}\n", shown(common, file));
}

void start_lesson(const Common& common, const std::string& lesson) {
  print_files(common, author::scaffold_lesson(common.root, lesson));
  fmt::print(
      "\nGo on in lessons/{0}/README.md: what to write stands there in italics.\n"
      "Its first exercise: autograder/course author new {1} NAME\n",
      lesson, lesson.substr(0, 2));
}

void start_exercise(const Common& common, const NewOptions& options) {
  print_files(common,
              author::scaffold_exercise(common.root, options.lesson, options.exercise));
  const std::string lesson = author::existing_lesson(common.root, options.lesson);
  fmt::print(
      "\nIt builds, and is an exercise of its own: a sum under a lock. Change it in this "
      "order:\n"
      "  1. solutions/{0}/{1}.hpp, then autograder/course author starters\n"
      "  2. exercises/{0}/{1}/{1}_test.cpp and exercise.toml\n"
      "  3. autograder/mutants/{0}/{1}/: one diff for each mistake people really make\n"
      "  4. bench/{0}/{1}_gate.cpp\n"
      "Then prove it: autograder/course author verify {1}\n",
      lesson, options.exercise);
}

}  // namespace

int author_new(const Common& common, const NewOptions& options) try {
  const bool is_new = author::existing_lesson(common.root, options.lesson).empty();
  if (is_new || options.exercise.empty()) start_lesson(common, options.lesson);
  if (!options.exercise.empty()) start_exercise(common, options);
  return all_passed;
} catch (const std::invalid_argument& error) {
  fmt::print(stderr, "course: {}\n", error.what());
  return usage_error;
}

}  // namespace course::cli
