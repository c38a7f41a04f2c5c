#include "gate/e_process.hpp"

#include <gtest/gtest.h>

namespace course::gate {
namespace {

int signs_until(bool bad, double evidence) {
  EProcess process;
  int signs = 0;
  while ((bad ? process.bad() : process.good()) < evidence) {
    process.add(bad);
    ++signs;
  }
  return signs;
}

// Where every sign says the same, nine blocks pass and sixteen fail.
TEST(EProcess, NeedsNineGoodOrSixteenBadSignsInARow) {
  EXPECT_EQ(signs_until(false, 100), 9);
  EXPECT_EQ(signs_until(true, 1e4), 16);
}

TEST(EProcess, StartsAtOneAndIsSymmetric) {
  EProcess process;
  EXPECT_EQ(process.bad(), 1);
  EXPECT_EQ(process.good(), 1);
  process.add(true);
  process.add(false);
  EXPECT_DOUBLE_EQ(process.bad(), process.good());
}

// The expected value after one more fair sign is the value before it, in any state.
TEST(EProcess, IsAFairGame) {
  EProcess process;
  for (int i = 0; i < 30; ++i) {
    EProcess up = process;
    EProcess down = process;
    up.add(true);
    down.add(false);
    EXPECT_NEAR((up.bad() + down.bad()) / 2, process.bad(), 1e-12 * process.bad());
    process.add(i % 3 != 0);
  }
}

}  // namespace
}  // namespace course::gate
