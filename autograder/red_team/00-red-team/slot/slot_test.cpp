#include "slot.hpp"

#include <memory>
#include <thread>

#include "course/step_test.hpp"
#include "interleave/interleave.hpp"

namespace {

STEP_TEST(1, Slot, GivesWhatWasPut, "atomicity") {
  Slot slot;
  slot.put(3);
  EXPECT_EQ(slot.take(), 3);
}

STEP_TEST(1, Slot, IsSharedByThreads, "atomicity") {
  // Clang 14 does not watch the members of local variables.
  const auto slot = std::make_unique<Slot>();
  std::thread other([&] {
    for (int value = 1; value <= 1000; ++value) slot->put(value);
  });
  for (int turn = 0; turn < 1000; ++turn) EXPECT_LE(slot->take(), 1000);
  other.join();
  EXPECT_EQ(slot->take(), 1000);
}

STEP_TEST(1, Slot, GivesInEverySchedule, "atomicity") {
  interleave::explore([] {
    const auto slot = std::make_unique<Slot>();
    std::thread other([&] { slot->put(2); });
    const int seen = slot->take();
    interleave::check(seen == 0 || seen == 2);
    other.join();
    interleave::check(slot->take() == 2);
  });
}

}  // namespace
