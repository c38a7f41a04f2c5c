#include "experiments/measurements.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace course::experiments {
namespace {

std::string run(const std::string& name, const std::string& more) {
  return fmt::format(
      R"({{"name":"{0}","run_name":"{0}","run_type":"iteration","real_time":2.5,)"
      R"("time_unit":"us"{1}}})",
      name, more);
}

std::string results(const std::string& runs) {
  return R"({"benchmarks":[)" + runs + "]}";
}

TEST(Measurements, AreGroupedByChartSeriesAndArgument) {
  const auto measured = read_measurements(
      results(run("Workers add speed/ours/workers:2/min_time:0.2/real_time",
                  R"(,"items_per_second":200,"label":"jobs per second")") +
              "," +
              run("Workers add speed/ours/workers:1/min_time:0.2/real_time",
                  R"(,"items_per_second":100,"label":"jobs per second")") +
              "," +
              run("Workers add speed/std::async/workers:1/real_time",
                  R"(,"items_per_second":50,"label":"jobs per second")")));
  ASSERT_EQ(measured.charts.size(), 1u);
  const page::Chart& chart = measured.charts[0];
  EXPECT_EQ(chart.title, "Workers add speed");
  EXPECT_EQ(chart.x_name, "workers");
  EXPECT_EQ(chart.y_name, "jobs per second");
  EXPECT_FALSE(chart.duration);
  ASSERT_EQ(chart.series.size(), 2u);
  EXPECT_EQ(chart.series[0].name, "ours");
  ASSERT_EQ(chart.series[0].points.size(), 2u);
  EXPECT_EQ(chart.series[0].points[0].x, 1);
  EXPECT_EQ(chart.series[0].points[1].y, 200);
}

TEST(Measurements, TakeTheMedianOfRepetitionsAndIgnoreAggregates) {
  const auto measured = read_measurements(results(
      run("C/s", R"(,"items_per_second":3)") + "," +
      run("C/s", R"(,"items_per_second":1)") + "," +
      run("C/s", R"(,"items_per_second":100)") +
      R"(,{"name":"C/s_mean","run_name":"C/s","run_type":"aggregate","real_time":9})"));
  const page::Point point = measured.charts.at(0).series.at(0).points.at(0);
  EXPECT_EQ(point.y, 3);
  EXPECT_EQ(point.low, 1);
  EXPECT_EQ(point.high, 100);
  EXPECT_EQ(measured.charts[0].x_name, "");
}

TEST(Measurements, AreTimesInNanosecondsWithoutItems) {
  const auto measured = read_measurements(results(run("C/s/elements:10", "")));
  EXPECT_TRUE(measured.charts.at(0).duration);
  EXPECT_EQ(measured.charts[0].series.at(0).points.at(0).y, 2500);
}

TEST(Measurements, KeepABenchmarkThatStoppedApart) {
  const auto measured = read_measurements(
      results(run("C/bad", R"(,"error_occurred":true,"error_message":"wrong answer")")));
  EXPECT_TRUE(measured.charts.empty());
  EXPECT_EQ(measured.failures, std::vector<std::string>{"C/bad: wrong answer"});
}

TEST(Measurements, RefuseWhatTheyCannotPlace) {
  EXPECT_THROW((void)read_measurements(""), std::runtime_error);
  EXPECT_THROW((void)read_measurements("{}"), std::runtime_error);
  EXPECT_THROW((void)read_measurements(results(run("alone", ""))), std::runtime_error);
  EXPECT_THROW((void)read_measurements(results(run("C/s/4", ""))), std::runtime_error);
}

}  // namespace
}  // namespace course::experiments
