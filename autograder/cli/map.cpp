#include "student/map.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/terminal.hpp"

namespace course::cli {
namespace {

nlohmann::json json_of(const student::State& state) {
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

}  // namespace

int map(const Common& common, const MapOptions& options) {
  const grader::Course course = grader::load_course(common.root);
  const auto states = student::states_of(course);
  const std::string next = student::what_next(course, states);
  if (options.json) {
    nlohmann::json out{{"next", next}, {"exercises", nlohmann::json::array()}};
    for (const auto& state : states) out["exercises"].push_back(json_of(state));
    fmt::print("{}\n", out.dump(2));
  } else {
    fmt::print("{}\nnext: {}\n", student::map_of(states, coloured(common.colour)), next);
  }
  return all_passed;
}

}  // namespace course::cli
