// Reads what Google Benchmark measured, as charts.
//
//   "Adding workers adds speed/reference/workers:4/real_time"
//    chart                     series    x       what Google Benchmark adds
//
// The height is items_per_second where the benchmark sets it, else the real time of an
// iteration. The benchmark's label (SetLabel) names the unit of items: "jobs per second".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "page/chart.hpp"

namespace course::experiments {

struct Measurements {
  std::vector<page::Chart> charts;    // in the order in which the program ran them
  std::vector<std::string> failures;  // "NAME: message", of benchmarks that stopped
};

// `json` is the output of --benchmark_out_format=json. Repetitions become one point: their
// median, with the lowest and the highest. Throws std::runtime_error when it is no such
// output, or a name has not the shape above.
[[nodiscard]] Measurements read_measurements(std::string_view json);

}  // namespace course::experiments
