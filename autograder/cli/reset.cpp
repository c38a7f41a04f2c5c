#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/one_exercise.hpp"
#include "student/starter.hpp"

namespace course::cli {
namespace {

int restore(const Common& common, const Exercise& exercise) {
  const student::Reset reset = student::restore_starter(exercise);
  const std::string file = shown(common, exercise.file);
  if (!reset.changed) {
    fmt::print("{} is the starter already.\n", file);
    return all_passed;
  }
  fmt::print("{} is the starter again.\n", file);
  if (!reset.kept.empty())
    fmt::print("Your file is now {}.\n", shown(common, reset.kept));
  return all_passed;
}

int reset(const Common& common, const std::string& id) {
  return with_exercise(common, id,
                       [&](const auto& exercise) { return restore(common, exercise); });
}

}  // namespace

void add_reset(const CommandLine& line) {
  add_for_exercise(line, "reset", "Put the starter back; your file is kept beside it",
                   reset);
}

}  // namespace course::cli
