#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/one_exercise.hpp"
#include "cli/terminal.hpp"
#include "student/comparison.hpp"

namespace course::cli {
namespace {

int diff(const Common& common, const std::string& id) {
  return with_exercise(common, id, [&](const Exercise& exercise) {
    const std::string text =
        student::comparison(common.root, exercise, coloured(common.colour));
    fmt::print("{}", text.empty() ? "Your file is the solution.\n" : text);
    return all_passed;
  });
}

}  // namespace

void add_diff(const CommandLine& line) {
  add_for_exercise(line, "diff", "The solution beside your file", diff);
}

}  // namespace course::cli
