#include "experiments/measurements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "machine/median.hpp"

namespace course::experiments {
namespace {

struct Name {
  std::string chart;
  std::string series;
  std::string x_name;
  double x = 0;
};

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts{""};
  for (const char c : text) {
    if (c == '/') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// Whether Google Benchmark added `part` itself.
bool is_setting(const std::string& part) {
  for (const char* name : {"real_time", "process_time", "manual_time",
                           "min_time:", "min_warmup_time:", "iterations:", "repeats:"}) {
    if (part.starts_with(name)) return true;
  }
  return false;
}

Name parse_name(const std::string& text) {
  auto parts = split(text);
  std::erase_if(parts, is_setting);
  if (parts.size() < 2 || parts.size() > 3) {
    throw std::runtime_error(
        fmt::format("a benchmark is named \"{}\"; name it \"CHART/SERIES\" or "
                    "\"CHART/SERIES/ARG:VALUE\"",
                    text));
  }
  Name name{parts[0], parts[1], {}, 0};
  if (parts.size() == 3) {
    const auto colon = parts[2].find(':');
    if (colon == std::string::npos) {
      throw std::runtime_error(fmt::format(
          "the argument of benchmark \"{}\" has no name; give it one with ArgName",
          text));
    }
    name.x_name = parts[2].substr(0, colon);
    name.x = std::stod(parts[2].substr(colon + 1));
  }
  return name;
}

double nanoseconds(const nlohmann::json& run) {
  static const std::map<std::string, double> units{
      {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
  return run.at("real_time").get<double>() *
         units.at(run.at("time_unit").get<std::string>());
}

page::Point point_of(double x, const std::vector<double>& values) {
  const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
  return {x, machine::median(values), *lowest, *highest};
}

// Gathers runs by chart, series and x; each in the order in which it came first.
class Gatherer {
 public:
  void add(const nlohmann::json& run) {
    const Name name = parse_name(run.at("run_name"));
    const bool per_second = run.contains("items_per_second");
    Gathered& chart = found(charts_, name.chart);
    chart.x_name = name.x_name;
    chart.duration = !per_second;
    chart.y_name = run.value("label", per_second ? "items per second" : "time");
    found(chart.series, name.series)
        .values[name.x]
        .push_back(per_second ? run["items_per_second"].get<double>() : nanoseconds(run));
  }

  [[nodiscard]] std::vector<page::Chart> charts() const {
    std::vector<page::Chart> all;
    for (const auto& [title, gathered] : charts_) {
      page::Chart chart{title, gathered.x_name, gathered.y_name, gathered.duration, {}};
      for (const auto& [name, runs] : gathered.series) {
        page::Series series{name, {}};
        for (const auto& [x, values] : runs.values) {
          series.points.push_back(point_of(x, values));
        }
        chart.series.push_back(std::move(series));
      }
      all.push_back(std::move(chart));
    }
    return all;
  }

 private:
  template <typename T>
  using Ordered = std::vector<std::pair<std::string, T>>;

  struct Runs {
    std::map<double, std::vector<double>> values;  // by x
  };
  struct Gathered {
    std::string x_name;
    std::string y_name;
    bool duration = false;
    Ordered<Runs> series;
  };

  template <typename T>
  static T& found(Ordered<T>& all, const std::string& name) {
    for (auto& [key, value] : all) {
      if (key == name) return value;
    }
    return all.emplace_back(name, T{}).second;
  }

  Ordered<Gathered> charts_;
};

}  // namespace

Measurements read_measurements(std::string_view json) {
  const auto document = nlohmann::json::parse(json, nullptr, false);
  if (!document.is_object() || !document.contains("benchmarks")) {
    throw std::runtime_error("the benchmark program wrote no results");
  }
  Gatherer gatherer;
  Measurements measurements;
  for (const auto& run : document["benchmarks"]) {
    if (run.value("run_type", "iteration") != "iteration") continue;
    if (run.value("error_occurred", false)) {
      measurements.failures.push_back(fmt::format("{}: {}", run.value("run_name", ""),
                                                  run.value("error_message", "")));
    } else {
      gatherer.add(run);
    }
  }
  measurements.charts = gatherer.charts();
  return measurements;
}

}  // namespace course::experiments
