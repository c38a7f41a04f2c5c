#include "page/axis.hpp"

#include <gtest/gtest.h>

namespace course::page {
namespace {

std::vector<std::string> labels_of(const Axis& axis) {
  std::vector<std::string> labels;
  for (const Tick& tick : axis.ticks()) labels.push_back(tick.label);
  return labels;
}

TEST(ShortNumber, HasThreeDigitsAndAPrefix) {
  EXPECT_EQ(short_number(0), "0");
  EXPECT_EQ(short_number(0.5), "0.5");
  EXPECT_EQ(short_number(7), "7");
  EXPECT_EQ(short_number(81.26), "81.3");
  EXPECT_EQ(short_number(999.4), "999");
  EXPECT_EQ(short_number(999.6), "1 k");
  EXPECT_EQ(short_number(1234567), "1.23 M");
  EXPECT_EQ(short_number(2.5e12), "2.5 T");
}

TEST(HeightAxis, StartsAtZeroAndEndsAtARoundNumber) {
  const Axis axis = Axis::of_heights(300, 970);
  EXPECT_FALSE(axis.logarithmic());
  EXPECT_EQ(labels_of(axis),
            (std::vector<std::string>{"0", "200", "400", "600", "800", "1 k"}));
  EXPECT_DOUBLE_EQ(axis.position(0), 0);
  EXPECT_DOUBLE_EQ(axis.position(1000), 1);
}

TEST(HeightAxis, NeverHasFewerThanFourTicksOrMoreThanSeven) {
  for (double highest = 1; highest < 1000; highest *= 1.01) {
    const auto count = Axis::of_heights(highest, highest).ticks().size();
    EXPECT_GE(count, 4u) << highest;
    EXPECT_LE(count, 7u) << highest;
  }
}

TEST(HeightAxis, IsLogarithmicWhenTheSmallestWouldLieAtZero) {
  const Axis axis = Axis::of_heights(9, 3900);
  EXPECT_TRUE(axis.logarithmic());
  EXPECT_EQ(labels_of(axis), (std::vector<std::string>{"1", "10", "100", "1 k", "10 k"}));
  EXPECT_DOUBLE_EQ(axis.position(100), 0.5);
}

TEST(HeightAxis, SurvivesZeros) {
  EXPECT_DOUBLE_EQ(Axis::of_heights(0, 0).position(0), 0);
  EXPECT_FALSE(Axis::of_heights(0, 1000).logarithmic());
}

TEST(ArgumentAxis, SpreadsDoublingsEvenly) {
  const Axis axis = Axis::of_arguments({1, 2, 4, 8});
  EXPECT_NEAR(axis.position(2), 1.0 / 3, 1e-12);
  EXPECT_EQ(labels_of(axis), (std::vector<std::string>{"1", "2", "4", "8"}));
}

TEST(ArgumentAxis, PutsASingleValueInTheMiddle) {
  EXPECT_DOUBLE_EQ(Axis::of_arguments({4}).position(4), 0.5);
}

}  // namespace
}  // namespace course::page
