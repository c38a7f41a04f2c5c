// Property: output that is still growing is read up to its last whole line or measurement.
#include "present/results.hpp"

#include <gtest/gtest.h>

#include "sample_lesson.hpp"

namespace course::present {
namespace {

using nlohmann::json;

TEST(TableSoFar, HasEachWholeLine) {
  const json table = table_so_far(
      "columns\tworkers\tjobs/s\nrow\t1\t1,436\ntext\tone\ntext\t\nlook\tthe "
      "rows\nrow\t2");
  EXPECT_EQ(table["columns"], json({"workers", "jobs/s"}));
  EXPECT_EQ(table["rows"], json::array({json({"1", "1,436"})}));
  EXPECT_EQ(table["text"], "one\n\n");
  EXPECT_EQ(table["looks"], json({"the rows"}));
}

TEST(PlotSoFar, HasEachWholeMeasurement) {
  EXPECT_TRUE(plot_so_far("").is_null());
  EXPECT_TRUE(plot_so_far("{\n  \"context\": {},\n  \"benchmarks\": [\n").is_null());
  const json plot = plot_so_far(sample_benchmark);
  ASSERT_TRUE(plot.is_object());
  EXPECT_EQ(plot["points"].size(), 2u);
  EXPECT_EQ(plot["points"][1]["label"], "ours, workers 2");
  EXPECT_EQ(plot["points"][1]["value"], 190.0);
  EXPECT_EQ(plot["unit"], "jobs per second");
  EXPECT_NE(std::string(plot["wide"]).find("<svg"), std::string::npos);
}

TEST(TableOfRecord, HasTheCellsAndNotTheSentences) {
  const json table = table_of_record(
      "P8  The same three jobs\n\n"
      "  what happened                             1 worker   2 workers\n"
      "  add 1, double, square, so 3 becomes 64     reached     reached\n"
      "  schedules run                               20,000      20,000\n\n"
      "  Look at the columns.\n");
  EXPECT_EQ(table["columns"], json({"what happened", "1 worker", "2 workers"}));
  EXPECT_EQ(table["rows"].size(), 2u);
  EXPECT_EQ(table["rows"][1], json({"schedules run", "20,000", "20,000"}));
}

TEST(TableOfRecord, IsEmptyForASchedule) {
  const json table = table_of_record(
      "P8b  A schedule in which the second job comes first\n\n\n"
      "check failed after 8 steps, in schedule 1 of 10,000\n\n"
      "      leader                                    worker 1\n"
      "  1   start worker 1   demo.cpp:281\n");
  EXPECT_TRUE(table["columns"].empty());
}

TEST(TokenIn, FindsTheFirstSchedule) {
  EXPECT_EQ(token_in("  again:   autograder/course replay demo.7.A7b@1@weak@pct3@@5f\n"),
            "demo.7.A7b@1@weak@pct3@@5f");
  EXPECT_EQ(token_in("no schedule"), "");
}

}  // namespace
}  // namespace course::present
