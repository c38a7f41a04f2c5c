#include "present/results.hpp"

#include <fmt/format.h>

#include <regex>
#include <utility>
#include <vector>

#include "catalogue/files.hpp"
#include "experiments/measurements.hpp"
#include "page/axis.hpp"
#include "page/plot.hpp"

namespace course::present {
namespace {

using nlohmann::json;

std::vector<std::string> split_at(const std::string& line, const std::string& separator) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  for (auto at = line.find(separator); at != std::string::npos;
       at = line.find(separator, from)) {
    parts.push_back(line.substr(from, at - from));
    from = at + separator.size();
  }
  parts.push_back(line.substr(from));
  return parts;
}

// Its cells are three spaces or more apart.
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  for (const std::string& part : split_at(line, "   ")) {
    const std::string cell(trimmed(part));
    if (!cell.empty()) cells.push_back(cell);
  }
  return cells;
}

// "ours, workers 4", and its value as the plot writes it.
json points_of(const page::Chart& chart) {
  json points = json::array();
  for (const page::Series& series : chart.series) {
    for (const page::Point& point : series.points) {
      const std::string at =
          chart.x_name.empty()
              ? ""
              : fmt::format(", {} {}", chart.x_name, page::short_number(point.x));
      points.push_back({{"label", series.name + at},
                        {"value", point.y},
                        {"text", page::value_text(chart, point.y)}});
    }
  }
  return points;
}

// Each measurement that Google Benchmark has written whole. Between them may stand what a
// library had to say on standard error.
json runs_in(std::string_view output) {
  constexpr std::string_view opening = "\n    {\n";
  constexpr std::string_view closing = "\n    }";
  json runs = json::array();
  for (auto at = output.find(opening); at != std::string_view::npos;
       at = output.find(opening, at + 1)) {
    const auto end = output.find(closing, at);
    if (end == std::string_view::npos) break;
    json run = json::parse(output.substr(at, end + closing.size() - at), nullptr, false);
    if (run.is_object()) runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace

json table_so_far(std::string_view output) {
  json table{{"columns", json::array()},
             {"rows", json::array()},
             {"looks", json::array()},
             {"text", ""}};
  const auto end = output.rfind('\n');
  if (end == std::string_view::npos) return table;
  for (const std::string& line : lines_of(output.substr(0, end))) {
    std::vector<std::string> cells = split_at(line, "\t");
    const std::string kind = cells.front();
    cells.erase(cells.begin());
    if (kind == "columns") table["columns"] = cells;
    if (kind == "row") table["rows"].push_back(cells);
    if (cells.empty()) continue;
    if (kind == "look") table["looks"].push_back(cells.front());
    if (kind == "text")
      table["text"] = table["text"].get<std::string>() + cells.front() + "\n";
  }
  return table;
}

json plot_so_far(std::string_view output) {
  const json runs = runs_in(output);
  if (runs.empty()) return nullptr;
  const auto measured = experiments::read_measurements(json{{"benchmarks", runs}}.dump());
  if (measured.charts.empty()) return nullptr;
  const page::Chart& chart = measured.charts.front();
  return {{"wide", page::plot(chart, page::wide_canvas)},
          {"narrow", page::plot(chart, page::narrow_canvas)},
          {"unit", chart.duration ? "nanoseconds" : chart.y_name},
          {"points", points_of(chart)}};
}

json table_of_record(std::string_view printed) {
  json table{{"columns", json::array()}, {"rows", json::array()}};
  bool is_title = true;
  for (const std::string& line : lines_of(printed)) {
    const bool begins = table["columns"].empty();
    if (std::exchange(is_title, false) || (begins && line.empty())) continue;
    // The table ends with an empty line; what begins at the edge is a schedule.
    if (!line.starts_with("  ") || line.starts_with("  Look at ")) break;
    const std::vector<std::string> cells = cells_of(line);
    if (begins) {
      table["columns"] = cells;
    } else if (cells.size() == table["columns"].size()) {
      table["rows"].push_back(cells);
    }
  }
  return table;
}

std::string token_in(std::string_view text) {
  static const std::regex shown("autograder/course replay (\\S+)");
  std::match_results<std::string_view::const_iterator> found;
  return std::regex_search(text.begin(), text.end(), found, shown) ? found[1].str()
                                                                   : std::string();
}

}  // namespace course::present
