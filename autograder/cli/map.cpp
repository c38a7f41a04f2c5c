#include "grader/map.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "catalogue/lesson.hpp"
#include "catalogue/manifest.hpp"
#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "grader/what_next.hpp"

namespace course::cli {
namespace {

struct MapOptions {
  std::string lesson;  // empty: all of them
  bool json = false;
};

nlohmann::json json_of(const grader::State& state) {
  return {{"id", state.exercise->id},
          {"name", state.exercise->name},
          {"title", state.exercise->title},
          {"lesson", state.exercise->lesson},
          {"state", state.name},
          {"points", state.points.earned},
          {"of", state.points.of},
          {"not_measured", state.points.not_measured},
          {"changed_since_graded", state.changed_since_graded},
          {"when", state.when},
          {"speed", state.speed}};
}

int print_map(const Common& common, const MapOptions& options) {
  const Course course = load_course(common.root);
  auto states = grader::states_of(course);
  if (!options.lesson.empty()) {
    const Lesson lesson = find_lesson(common.root, options.lesson);
    states = grader::states_in(states, lesson.folder.filename().string());
  }
  const grader::Next next = grader::next_of(course, states);
  if (options.json) {
    nlohmann::json out{{"next", grader::what_next(course, states)},
                       {"command", next.command},
                       {"exercises", nlohmann::json::array()}};
    for (const auto& state : states) out["exercises"].push_back(json_of(state));
    fmt::print("{}\n", out.dump(2));
  } else {
    fmt::print("{}\n{}", grader::map_of(states, coloured(common.colour)),
               grader::ending_of(next));
  }
  return all_passed;
}

int map(const Common& common, const MapOptions& options) {
  try {
    return print_map(common, options);
  } catch (const UnknownId& error) {
    fmt::print(stderr, "course: {}\n", error.what());
    return usage_error;
  }
}

}  // namespace

void add_map(const CommandLine& line) {
  line.action = [=] { return map(line.common, {}); };  // where none is named
  static MapOptions options;
  auto* command =
      line.app.add_subcommand("map", "Every exercise, its state, what to do next");
  command->add_option("LESSON", options.lesson,
                      "Only this lesson; `course 5` is short for `course map 5`");
  command->add_flag("--json", options.json, "Print JSON");
  command->callback([=] { line.action = [=] { return map(line.common, options); }; });
}

}  // namespace course::cli
