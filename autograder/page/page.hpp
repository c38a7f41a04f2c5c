// One self-contained HTML page of plots: no script, no font, no picture from elsewhere.
#pragma once

#include <string>
#include <vector>

#include "page/chart.hpp"

namespace course::page {

// The charts of one lesson.
struct Section {
  std::string heading;  // "1 parallel workers"
  std::vector<Chart> charts;
};

// What is written under each plot: numbers mean nothing without it.
struct Origin {
  std::string machine;
  std::string date;
  std::string command;
  std::string runs;  // "median of 3 runs; bars from the slowest to the fastest"
};

[[nodiscard]] std::string html(const std::vector<Section>& sections,
                               const Origin& origin);

}  // namespace course::page
