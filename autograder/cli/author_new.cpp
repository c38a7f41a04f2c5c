#include <fmt/format.h>

#include <cstdio>
#include <stdexcept>

#include "author/scaffold.hpp"
#include "author/shape.hpp"
#include "cli/commands.hpp"
#include "cli/one_exercise.hpp"

namespace course::cli {
namespace {

struct NewOptions {
  std::string lesson;    // "16-name", or an existing lesson's number
  std::string exercise;  // "name"; empty: the lesson alone
};

void print_files(const Common& common, const std::vector<std::filesystem::path>& files) {
  for (const auto& file : files) fmt::print("wrote {}\n", shown(common, file));
}

// Every place of the lesson that is still the template's.
void print_what_is_left(const Common& common, const std::string& lesson) {
  fmt::print(
      "\nIt builds and runs as it is. What is yours to write is marked `To write:`\n");
  for (const auto& place : author::left_to_write(common.root)) {
    if (place.find("/" + lesson + "/") != std::string::npos) fmt::print("  {}\n", place);
  }
}

void start_lesson(const Common& common, const std::string& lesson) {
  print_files(common, author::scaffold_lesson(common.root, lesson));
  print_what_is_left(common, lesson);
  fmt::print("\nnext: autograder/course author new {} NAME, its first exercise\n",
             lesson.substr(0, 2));
}

void start_exercise(const Common& common, const NewOptions& options) {
  print_files(common,
              author::scaffold_exercise(common.root, options.lesson, options.exercise));
  const std::string lesson = author::existing_lesson(common.root, options.lesson);
  print_what_is_left(common, lesson);
  fmt::print(
      "\n"
      "next: write solutions/{0}/{1}.hpp, then autograder/course author starters; at "
      "any time\n"
      "autograder/course author verify {1} says what is left, and whether the rest "
      "holds\n",
      lesson, options.exercise);
}

int author_new(const Common& common, const NewOptions& options) try {
  const bool is_new = author::existing_lesson(common.root, options.lesson).empty();
  if (is_new || options.exercise.empty()) start_lesson(common, options.lesson);
  if (!options.exercise.empty()) start_exercise(common, options);
  return all_passed;
} catch (const std::invalid_argument& error) {
  fmt::print(stderr, "course: {}\n", error.what());
  return usage_error;
}

}  // namespace

void add_author_new(const CommandLine& line) {
  static NewOptions options;
  auto* command = line.app.add_subcommand("new", "Start a lesson or an exercise");
  command->add_option("LESSON", options.lesson, "NN-name, or an existing lesson's number")
      ->required();
  command->add_option("EXERCISE", options.exercise, "The exercise's name");
  command->callback(
      [=] { line.action = [=] { return author_new(line.common, options); }; });
}

}  // namespace course::cli
