// An axis: which part of the numbers it covers, where a number lies on it, what is
// written beside it.
#pragma once

#include <string>
#include <vector>

namespace course::page {

struct Tick {
  double value;
  std::string label;
};

class Axis {
 public:
  // From zero to a round number that is not below `highest`, with four to seven ticks.
  // Logarithmic instead, from a power of ten to a power of ten, when the values span more
  // than a factor of 50: on a straight axis the small ones would all lie at zero.
  static Axis of_heights(double lowest, double highest);

  // From the first value to the last, with a tick for each. Logarithmic when they span a
  // factor of 8 or more, as worker counts and sizes do. `values` ascend, at least one.
  static Axis of_arguments(const std::vector<double>& values);

  // 0 at the axis' begin, 1 at its end.
  [[nodiscard]] double position(double value) const;
  [[nodiscard]] const std::vector<Tick>& ticks() const { return ticks_; }
  [[nodiscard]] bool logarithmic() const { return logarithmic_; }

 private:
  Axis(double begin, double end, bool logarithmic);

  double begin_;
  double end_;
  bool logarithmic_;
  std::vector<Tick> ticks_;
};

// Three digits at most and the unit's prefix: 1234567 is "1.23 M", 0.5 is "0.5".
[[nodiscard]] std::string short_number(double value);

}  // namespace course::page
