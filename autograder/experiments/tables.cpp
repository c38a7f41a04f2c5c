#include "experiments/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>
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

// The value at `x`, if the series has one.
std::optional<double> value_at(const page::Series& series, double x) {
  for (const auto& point : series.points) {
    if (point.x == x) return point.y;
  }
  return std::nullopt;
}

std::string cell(const page::Chart& chart, const page::Series& series, double x) {
  const auto value = value_at(series, x);
  return value ? page::value_text(chart, *value) : "-";
}

// How many times as good as the best peer our value at `x` is.
std::string ratio_cell(const page::Chart& chart, const page::Series& own, double x) {
  std::optional<double> best;
  for (const auto& series : chart.series) {
    const auto value = value_at(series, x);
    if (&series == &own || !value) continue;
    if (!best || (chart.duration ? *value < *best : *value > *best)) best = value;
  }
  const auto value = value_at(own, x);
  if (!best || !value) return "-";
  return fmt::format("{:.2f}", chart.duration ? *best / *value : *value / *best);
}

// A line of the table: its name, and a cell for each x.
template <typename Cell>
std::string line(std::string_view name, std::size_t width, const std::vector<double>& xs,
                 Cell cell_at) {
  std::string text = fmt::format("  {:<{}}", name, width);
  for (const double x : xs) text += fmt::format("  {:>9}", cell_at(x));
  return text + '\n';
}

constexpr std::string_view ours = "ours";
constexpr std::string_view ratio = "ours / best peer";

}  // namespace

std::string table(const page::Chart& chart) {
  const auto own = std::find_if(chart.series.begin(), chart.series.end(),
                                [](const auto& series) { return series.name == ours; });
  const bool compared = own != chart.series.end() && chart.series.size() > 1;
  std::size_t width = std::max(chart.x_name.size(), compared ? ratio.size() : 0);
  for (const auto& series : chart.series) width = std::max(width, series.name.size());
  const auto arguments = arguments_of(chart);
  std::string text = fmt::format("{}   ({})\n\n", chart.title, chart.y_name);
  if (!chart.x_name.empty())
    text += line(chart.x_name, width, arguments, page::short_number);
  for (const auto& series : chart.series) {
    text += line(series.name, width, arguments,
                 [&](double x) { return cell(chart, series, x); });
  }
  if (compared) {
    text += line(ratio, width, arguments,
                 [&](double x) { return ratio_cell(chart, *own, x); });
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
