#include "experiments/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "page/axis.hpp"
#include "page/plot.hpp"

namespace course::experiments {
namespace {

std::vector<double> arguments_of(const page::Chart& chart) {
  std::set<double> values;
  for (const auto& series : chart.series) {
    for (const auto& point : series.points) values.insert(point.x);
  }
  return {values.begin(), values.end()};
}

// The value at `x`; a dash where the series has none.
std::string cell(const page::Chart& chart, const page::Series& series, double x) {
  for (const auto& point : series.points) {
    if (point.x == x) return page::value_text(chart, point.y);
  }
  return "-";
}

}  // namespace

std::string table(const page::Chart& chart) {
  std::size_t width = chart.x_name.size();
  for (const auto& series : chart.series) width = std::max(width, series.name.size());
  const auto arguments = arguments_of(chart);
  std::string text = fmt::format("{}   ({})\n\n", chart.title, chart.y_name);
  if (!chart.x_name.empty()) {
    text += fmt::format("  {:<{}}", chart.x_name, width);
    for (const double x : arguments)
      text += fmt::format("  {:>9}", page::short_number(x));
    text += '\n';
  }
  for (const auto& series : chart.series) {
    text += fmt::format("  {:<{}}", series.name, width);
    for (const double x : arguments)
      text += fmt::format("  {:>9}", cell(chart, series, x));
    text += '\n';
  }
  return text;
}

nlohmann::json to_json(const page::Chart& chart) {
  nlohmann::json all = nlohmann::json::array();
  for (const auto& series : chart.series) {
    nlohmann::json points = nlohmann::json::array();
    for (const auto& point : series.points) {
      nlohmann::json one{
          {"value", point.y}, {"lowest", point.low}, {"highest", point.high}};
      if (!chart.x_name.empty()) one[chart.x_name] = point.x;
      points.push_back(std::move(one));
    }
    all.push_back({{"name", series.name}, {"points", std::move(points)}});
  }
  return {{"title", chart.title},
          {"unit", chart.duration ? "nanoseconds" : chart.y_name},
          {"series", std::move(all)}};
}

}  // namespace course::experiments
