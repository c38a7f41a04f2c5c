#include "slot.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace {

TEST(Slot, GivesWhatWasPut) {
  Slot slot;
  slot.put(3);
  EXPECT_EQ(slot.take(), 3);
}

TEST(Slot, IsSharedByThreads) {
  Slot slot;
  std::thread other([&] {
    for (int value = 1; value <= 1000; ++value) slot.put(value);
  });
  for (int turn = 0; turn < 1000; ++turn) EXPECT_LE(slot.take(), 1000);
  other.join();
  EXPECT_EQ(slot.take(), 1000);
}

}  // namespace
