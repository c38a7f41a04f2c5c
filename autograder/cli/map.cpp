#include "grader/map.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "catalogue/manifest.hpp"
#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "grader/what_next.hpp"

namespace course::cli {
namespace {

struct MapOptions {
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
          {"changed_since_graded", state.changed_since_graded}};
}

int map(const Common& common, const MapOptions& options) {
  const Course course = load_course(common.root);
  const auto states = grader::states_of(course);
  const std::string next = grader::what_next(course, states);
  if (options.json) {
    nlohmann::json out{{"next", next}, {"exercises", nlohmann::json::array()}};
    for (const auto& state : states) out["exercises"].push_back(json_of(state));
    fmt::print("{}\n", out.dump(2));
  } else {
    fmt::print("{}\nnext: {}\n", grader::map_of(states, coloured(common.colour)), next);
  }
  return all_passed;
}

}  // namespace

void add_map(const CommandLine& line) {
  line.action = [=] { return map(line.common, {}); };  // where none is named
  static MapOptions options;
  auto* command =
      line.app.add_subcommand("map", "Every exercise, its state, what to do next");
  command->add_flag("--json", options.json, "Print JSON");
  command->callback([=] { line.action = [=] { return map(line.common, options); }; });
}

}  // namespace course::cli
