// Tests of the reference, and of its broken siblings: the explorer must find each of them.
// Each test opens with its property.
#include "shared_state.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "broken_shared_state.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;

// Additions of two threads to one item are both counted.
TEST(SharedTotals, AddUp) {
  explore([] {
    SharedTotals totals;
    {
      std::jthread worker([&] { totals.add("ink", 2); });
      totals.add("ink", 5);
    }
    check(totals.total("ink") == 7, "both additions must count");
    check(totals.total("paper") == 0, "an item that was not added to has nothing");
  });
}

// Of two threads that want the last one, one gets it.
TEST(SharedTotals, AreTakenOnce) {
  explore([] {
    SharedTotals totals;
    totals.add("ink", 1);
    bool first = false;
    bool second = false;
    {
      std::jthread worker([&] { first = totals.take("ink", 1); });
      second = totals.take("ink", 1);
    }
    check(first != second, "exactly one thread may take the last one");
    check(totals.total("ink") == 0, "no total may fall below zero");
  });
}

// A take that is refused leaves nothing behind for an item that was never added.
TEST(SharedTotals, ARefusedTakeAllocatesNothing) {
  explore([] {
    SharedTotals totals;
    const std::string item = "ink";
    const interleave::Cost cost("refused take");
    check(!totals.take(item, 1), "there is no ink to take");
    check(cost.counts().allocations == 0, "a refused take must allocate nothing");
  });
}

// A move is seen whole, and opposite moves both end.
TEST(SharedTotals, MoveAtOnce) {
  explore([] {
    SharedTotals totals;
    totals.add("left", 5);
    totals.add("right", 5);
    {
      std::jthread worker([&] { totals.move("right", "left", 1); });
      totals.move("left", "right", 2);
    }
    check(totals.total("left") == 4 && totals.total("right") == 6,
          "both moves must count");
  });
}

// What the explorer says of a body that breaks; "clean" in builds that only try schedules.
std::string kind_of(const std::function<void()>& body) {
  return interleave::find_failure(body).kind;
}

// Two threads that add without a lock race.
TEST(BrokenSharedState, WithoutALockRaces) {
  if (!interleave::explores_schedules()) GTEST_SKIP() << "needs the schedule explorer";
  EXPECT_EQ(kind_of([] {
              // Clang 14 does not watch the members of local variables.
              const auto total = std::make_unique<UnlockedTotal>();
              std::jthread worker([&] { total->add(1); });
              total->add(1);
            }),
            "data race");
}

// A load and a store are not an addition.
TEST(BrokenSharedState, LoadThenStoreLosesAnUpdate) {
  if (!interleave::explores_schedules()) GTEST_SKIP() << "needs the schedule explorer";
  EXPECT_EQ(kind_of([] {
              LoadThenStore total;
              {
                std::jthread worker([&] { total.add(1); });
                total.add(1);
              }
              check(total.total() == 2, "an addition was lost");
            }),
            "check");
}

// Two holds of one lock are not one.
TEST(BrokenSharedState, CheckThenTakeOverdraws) {
  if (!interleave::explores_schedules()) GTEST_SKIP() << "needs the schedule explorer";
  EXPECT_EQ(kind_of([] {
              CheckThenTake total(1);
              {
                std::jthread worker([&] { static_cast<void>(total.take(1)); });
                static_cast<void>(total.take(1));
              }
              check(total.total() == 0, "the last one was taken twice");
            }),
            "check");
}

// Two locks in two orders close a circle.
TEST(BrokenSharedState, TwoLocksDeadlock) {
  if (!interleave::explores_schedules()) GTEST_SKIP() << "needs the schedule explorer";
  EXPECT_EQ(kind_of([] {
              TwoLocks totals(5, 5);
              std::jthread worker([&] { totals.move_left(1); });
              totals.move_right(2);
            }),
            "deadlock");
}

// A notify that no thread waits for is gone.
TEST(BrokenSharedState, NotifyWithoutLockIsLost) {
  if (!interleave::explores_schedules()) GTEST_SKIP() << "needs the schedule explorer";
  EXPECT_EQ(kind_of([] {
              NotifyWithoutLock flag;
              std::jthread waiter([&] { flag.wait(); });
              flag.set();
            }),
            "lost wake-up");
}

}  // namespace
