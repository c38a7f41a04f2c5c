#include "experiments/tables.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace course::experiments {
namespace {

const page::Chart chart{"Workers add speed",
                        "workers",
                        "jobs per second",
                        false,
                        {{"ours", {{1, 1000, 900, 1100}, {2, 1900, 1800, 2000}}},
                         {"peer", {{2, 1234567, 1, 2}}}}};

TEST(Table, HasALineForEachSeriesAndADashWhereNothingWasMeasured) {
  EXPECT_EQ(table(chart),
            "Workers add speed   (jobs per second)\n\n"
            "  workers                   1          2\n"
            "  ours                    1 k      1.9 k\n"
            "  peer                      -     1.23 M\n"
            "  ours / best peer          -       0.00\n");
}

TEST(Table, ComparesOursWithTheBestPeer) {
  page::Chart rates{"Rates", "", "per second", false, {}};
  rates.series = {
      {"ours", {{0, 30, 0, 0}}}, {"a", {{0, 10, 0, 0}}}, {"b", {{0, 20, 0, 0}}}};
  EXPECT_NE(table(rates).find("ours / best peer       1.50\n"), std::string::npos)
      << table(rates);
  rates.duration = true;
  EXPECT_NE(table(rates).find("ours / best peer       0.33\n"), std::string::npos)
      << table(rates);
  rates.series[0].name = "reference";
  EXPECT_EQ(table(rates).find("best peer"), std::string::npos) << table(rates);
}

TEST(Table, WritesTimesWithTheirUnit) {
  const page::Chart times{
      "Growing costs", "", "time", true, {{"vector", {{0, 2500, 0, 0}}}}};
  EXPECT_EQ(table(times), "Growing costs   (time)\n\n  vector     2.5 µs\n");
}

TEST(Json, KeepsEveryNumberExactly) {
  const auto json = to_json(chart);
  EXPECT_EQ(
      json["series"][1]["points"][0],
      (nlohmann::json{
          {"workers", 2.0}, {"value", 1234567.0}, {"lowest", 1.0}, {"highest", 2.0}}));
}

}  // namespace
}  // namespace course::experiments
