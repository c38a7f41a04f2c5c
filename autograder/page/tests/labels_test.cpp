#include "page/labels.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace course::page {
namespace {

TEST(Spread, LeavesWhatDoesNotOverlap) {
  EXPECT_EQ(spread({10, 50, 90}, {20, 20, 20}, 0, 100),
            (std::vector<double>{10, 50, 90}));
}

TEST(Spread, MovesTwoApartEvenly) {
  EXPECT_EQ(spread({50, 50}, {20, 20}, 0, 100), (std::vector<double>{40, 60}));
}

TEST(Spread, StaysInside) {
  EXPECT_EQ(spread({0, 100}, {20, 20}, 0, 100), (std::vector<double>{10, 90}));
}

// However many labels there are and wherever they want to be: if there is room, no two
// overlap, none leaves the plot, and they keep their order.
TEST(Spread, NeverOverlapsWhereThereIsRoom) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    const std::size_t count = 1 + random() % 8;
    std::vector<double> centres, heights;
    for (std::size_t i = 0; i < count; ++i) {
      centres.push_back(static_cast<double>(random() % 1000) / 10);
      heights.push_back(4 + static_cast<double>(random() % 80) / 10);
    }
    const auto moved = spread(centres, heights, 0, 100);
    std::vector<std::pair<double, double>> spans;
    for (std::size_t i = 0; i < count; ++i) {
      spans.emplace_back(moved[i] - heights[i] / 2, moved[i] + heights[i] / 2);
      for (std::size_t j = 0; j < count; ++j) {
        if (centres[i] < centres[j]) {
          EXPECT_LT(moved[i], moved[j]);
        }
      }
    }
    std::sort(spans.begin(), spans.end());
    EXPECT_GE(spans.front().first, -1e-9);
    EXPECT_LE(spans.back().second, 100 + 1e-9);
    for (std::size_t i = 1; i < count; ++i)
      EXPECT_GE(spans[i].first, spans[i - 1].second - 1e-9);
  }
}

TEST(Spread, SqueezesWhereThereIsNoRoom) {
  const auto moved = spread({50, 50, 50, 50}, {40, 40, 40, 40}, 0, 100);
  EXPECT_EQ(moved, (std::vector<double>{12.5, 37.5, 62.5, 87.5}));
}

TEST(Wrapped, BreaksAtSpaces) {
  EXPECT_EQ(wrapped("std::async, a thread for each job", 12),
            (std::vector<std::string>{"std::async,", "a thread for", "each job"}));
  EXPECT_EQ(wrapped("unbreakable_name", 4),
            (std::vector<std::string>{"unbreakable_name"}));
}

}  // namespace
}  // namespace course::page
