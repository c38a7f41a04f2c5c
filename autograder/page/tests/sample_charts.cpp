#include "sample_charts.hpp"

namespace course::page {
namespace {

Point point(double x, double y) { return {x, y, 0.93 * y, 1.06 * y}; }

Chart speed_up() {
  return {"Adding workers adds speed, as long as the jobs are coarse",
          "workers",
          "jobs per second",
          false,
          {{"1 ms jobs", {point(1, 990), point(2, 1960), point(4, 3900), point(8, 7600)}},
           {"100 µs jobs",
            {point(1, 9300), point(2, 17800), point(4, 33000), point(8, 52000)}},
           {"10 µs jobs",
            {point(1, 64000), point(2, 90000), point(4, 80000), point(8, 51000)}},
           {"1 µs jobs",
            {point(1, 150000), point(2, 120000), point(4, 70000), point(8, 50500)}}}};
}

Chart crowded() {
  Chart chart{"Eight queues that end together still have readable names",
              "workers",
              "hand-overs per second",
              false,
              {}};
  for (int i = 0; i < 8; ++i) {
    chart.series.push_back(
        {"std::queue under a mutex, variant " + std::to_string(i),
         {point(1, 1e6 + 9e4 * i), point(2, 2e6), point(4, 2.5e6 + 1e3 * i)}});
  }
  return chart;
}

Chart durations() {
  return {
      "A persistent vector costs more as it grows",
      "elements",
      "time per update",
      true,
      {{"std::vector",
        {point(10, 9), point(1000, 11), point(100000, 14), point(1000000, 90)}},
       {"persistent vector",
        {point(10, 95), point(1000, 410), point(100000, 1300), point(1000000, 3900)}}}};
}

Chart bars_with_hostile_names() {
  return {"<script>alert(1)</script> & \"quotes\" are text like any other",
          "",
          "jobs per second",
          false,
          {{"our pool", {point(0, 812000)}},
           {"std::async, a thread for each job", {point(0, 21000)}},
           {"<b>OpenMP</b> & tasks", {point(0, 1240000)}}}};
}

Chart single_point() {
  return {"One point is a plot too",
          "workers",
          "jobs per second",
          false,
          {{"the only one", {point(4, 12.5)}}}};
}

}  // namespace

std::vector<Section> sample_sections() {
  return {{"1 parallel workers", {speed_up(), crowded(), bars_with_hostile_names()}},
          {"3 persistent structures", {durations(), single_point()}}};
}

Origin sample_origin() {
  return {"AMD EPYC 7B13, 2 cores, g++ 12.2.0", "24 November 2026",
          "autograder/course bench",
          "Median of 3 runs; the bands reach from the slowest to the fastest"};
}

}  // namespace course::page
