// What a plot shows, apart from how it is drawn.
#pragma once

#include <string>
#include <vector>

namespace course::page {

// One measured value, with the smallest and the largest run behind it.
struct Point {
  double x = 0;
  double y = 0;
  double low = 0;
  double high = 0;
};

struct Series {
  std::string name;
  std::vector<Point> points;  // in ascending x; exactly one if the chart has no x
};

// Several series over the same x; or, when `x_name` is empty, one value for each of them.
struct Chart {
  std::string title;      // the claim, as a sentence
  std::string x_name;     // "workers"
  std::string y_name;     // "jobs per second"
  bool duration = false;  // y is nanoseconds; drawn in the unit that reads best
  std::vector<Series> series;
};

}  // namespace course::page
