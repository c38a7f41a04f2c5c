#include "page/axis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace course::page {
namespace {

// The smallest of 1, 2, 5, 10 times a power of ten that is not below `value`.
double round_up(double value) {
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= value * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

}  // namespace

Axis::Axis(double begin, double end, bool logarithmic)
    : begin_(begin), end_(end), logarithmic_(logarithmic) {}

Axis Axis::of_heights(double lowest, double highest) {
  if (!(highest > 0)) highest = 1;
  if (lowest > 0 && highest / lowest > 50) {
    const double first = std::floor(std::log10(lowest));
    const double last = std::ceil(std::log10(highest));
    Axis axis(std::pow(10, first), std::pow(10, last), true);
    for (double exponent = first; exponent <= last; ++exponent) {
      const double value = std::pow(10, exponent);
      axis.ticks_.push_back({value, short_number(value)});
    }
    return axis;
  }
  const double step = round_up(highest / 6);
  const double steps = std::ceil(highest / step - 1e-9);
  Axis axis(0, steps * step, false);
  for (double i = 0; i <= steps; ++i)
    axis.ticks_.push_back({i * step, short_number(i * step)});
  return axis;
}

Axis Axis::of_arguments(const std::vector<double>& values) {
  const double first = values.front();
  const double last = values.back();
  Axis axis(first, last, first > 0 && last / first >= 8);
  for (const double value : values) axis.ticks_.push_back({value, short_number(value)});
  return axis;
}

double Axis::position(double value) const {
  if (begin_ == end_) return 0.5;
  if (!logarithmic_) return (value - begin_) / (end_ - begin_);
  return std::log(std::max(value, begin_) / begin_) / std::log(end_ / begin_);
}

std::string short_number(double value) {
  constexpr std::array prefixes{"", " k", " M", " G", " T"};
  std::size_t prefix = 0;
  // 999.5 would be written as 1000, so it already belongs to the next prefix.
  while (std::fabs(value) >= 999.5 && prefix + 1 < prefixes.size()) {
    value /= 1000;
    ++prefix;
  }
  const double size = std::fabs(value);
  const int digits = size >= 100 || size == 0 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  std::string text = fmt::format("{:.{}f}", value, digits);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text + prefixes[prefix];
}

}  // namespace course::page
