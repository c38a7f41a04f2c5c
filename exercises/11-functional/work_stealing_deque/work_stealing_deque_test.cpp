// Tests of exercise 11.2. Each opens with its property; where it is about several threads,
// `explore` looks for the schedule, and for the old value in memory, that breaks it.
//
// What threads share is on the heap: Clang 14's hooks leave out what a function does with
// the members of its own local variables.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <work_stealing_deque.hpp>  // in <>, so that the include path decides whose it is

#include "course/step_test.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;

using Deque = WorkStealingDeque<int>;

// Counts how often each of the items 1, 2, … was taken, by whichever thread.
class Takings {
 public:
  void note(std::optional<int> item) {
    if (!item) return;
    check(*item >= 1 && *item < static_cast<int>(times_.size()),
          "pop or steal gave an item that was never pushed");
    const int before = times_[static_cast<std::size_t>(*item)].fetch_add(1);
    check(before == 0, "an item was taken twice: by pop and steal, or by two thieves");
  }
  void expect_all(int items) const {
    for (int item = 1; item <= items; ++item) {
      check(times_[static_cast<std::size_t>(item)] == 1,
            "an item was pushed and is gone: neither pop nor steal gave it");
    }
  }

 private:
  std::array<std::atomic<int>, 8> times_{};
};

// Takes what is left, as the owner, when no thief is at work any more.
void empty_into(Takings& takings, Deque& deque) {
  while (const std::optional<int> item = deque.pop()) takings.note(item);
}

// --- Step 1: push and pop ---------------------------------------------------------------

// The owner gets its newest item first.
STEP_TEST(1, WorkStealingDeque, PopsTheNewest, "job order") {
  explore([] {
    Deque deque;
    deque.push(1);
    deque.push(2);
    check(deque.pop() == 2, "the newest item must be popped first");
    deque.push(3);
    check(deque.pop() == 3, "the newest item must be popped first");
    check(deque.pop() == 1, "the item below must still be there");
    check(!deque.pop().has_value(), "nothing is left to pop");
  });
}

// A pop before the first push gives nothing, however often; what is pushed then is whole.
STEP_TEST(1, WorkStealingDeque, AnEmptyPopGivesNothing, "signed indices") {
  explore([] {
    Deque deque;
    check(!deque.pop().has_value(), "nothing was ever pushed");
    check(!deque.pop().has_value(), "nothing was ever pushed, again");
    check(deque.empty(), "a deque is empty when nothing was pushed");
    deque.push(7);
    check(!deque.empty(), "an item was pushed");
    check(deque.pop() == 7, "the item pushed after empty pops must come back");
    check(deque.empty() && !deque.pop().has_value(), "nothing is left to pop");
  });
}

// An item may be anything that fits into an atomic, to its last bit.
STEP_TEST(1, WorkStealingDeque, KeepsWideItems, "lifetime") {
  explore([] {
    WorkStealingDeque<std::int64_t> numbers;
    WorkStealingDeque<const char*> words;
    numbers.push(std::int64_t{1} << 40);
    words.push("call");
    check(numbers.pop() == std::int64_t{1} << 40, "an item must keep all of its bits");
    check(*words.pop().value_or("") == 'c', "an item may be a pointer");
  });
}

// A push and a pop take no lock and allocate nothing: a handful of atomic operations.
STEP_TEST(1, WorkStealingDeque, CostOfPushAndPop) {
  explore([] {
    const auto deque = std::make_unique<Deque>();
    const interleave::Cost cost("push and pop");
    deque->push(1);
    deque->push(2);
    check(deque->pop() == 2 && deque->pop() == 1, "both must come back");
  });
}

// --- Step 2: steal ----------------------------------------------------------------------

// A thief gets the oldest item, and the owner the newest.
STEP_TEST(2, WorkStealingDeque, StealsTheOldest, "job order") {
  explore([] {
    Deque deque;
    check(!deque.steal().has_value(), "nothing was ever pushed");
    for (int item = 1; item <= 4; ++item) deque.push(item);
    check(deque.steal() == 1, "the oldest item must be stolen first");
    check(deque.pop() == 4, "the newest item must be popped first");
    check(deque.steal() == 2, "the oldest item left must be stolen");
    check(deque.pop() == 3, "the last item left must be popped");
    check(!deque.steal().has_value() && !deque.pop().has_value(), "nothing is left");
  });
}

// A ring of two slots serves any number of items, one after the other.
STEP_TEST(2, WorkStealingDeque, UsesItsSlotsAgain, "job order") {
  explore([] {
    Deque deque(2);
    for (int item = 1; item <= 7; ++item) {
      deque.push(item);
      check(deque.steal() == item, "the only item must be stolen");
      check(!deque.steal().has_value(), "nothing is left to steal");
      check(!deque.pop().has_value(), "nothing is left to pop");
    }
  });
}

// Owner and thief want the last item: one of them gets it.
STEP_TEST(2, WorkStealingDeque, TheLastItemIsTakenOnce, "stolen twice") {
  explore([] {
    const auto deque = std::make_unique<Deque>();
    const auto takings = std::make_unique<Takings>();
    deque->push(1);
    {
      std::jthread thief([&] { takings->note(deque->steal()); });
      takings->note(deque->pop());
    }
    takings->expect_all(1);
    check(!deque->pop().has_value(), "nothing is left");
  });
}

// Owner and thief empty the deque from both ends: each item is taken once.
STEP_TEST(2, WorkStealingDeque, BothEndsMeet, "stolen twice") {
  explore([] {
    const auto deque = std::make_unique<Deque>();
    const auto takings = std::make_unique<Takings>();
    deque->push(1);
    deque->push(2);
    {
      std::jthread thief([&] {
        takings->note(deque->steal());
        takings->note(deque->steal());
      });
      takings->note(deque->pop());
    }
    empty_into(*takings, *deque);
    takings->expect_all(2);
  });
}

// Two items and two thieves: each gets one, and none leaves with empty hands because the
// other was faster.
STEP_TEST(2, WorkStealingDeque, EachThiefGetsAnItem, "stolen twice") {
  explore([] {
    const auto deque = std::make_unique<Deque>();
    deque->push(1);
    deque->push(2);
    std::optional<int> first;
    std::optional<int> second;
    {
      std::jthread thief1([&] { first = deque->steal(); });
      std::jthread thief2([&] { second = deque->steal(); });
    }
    check(first.has_value() && second.has_value(),
          "steal gave nothing, though an item was left");
    check(*first + *second == 3, "the two thieves must get both items, one each");
  });
}

// A thief sees all that the owner did before it pushed, also what lies behind a pointer.
STEP_TEST(2, WorkStealingDeque, AnItemBringsItsContents, "published too early") {
  explore([] {
    const auto deque = std::make_unique<WorkStealingDeque<int*>>();
    int content = 0;
    std::jthread thief([&] {
      if (const std::optional<int*> item = deque->steal()) {
        check(*item != nullptr, "an item was counted before it stood in its slot");
        check(**item == 7, "the thief must see what the owner wrote before its push");
      }
    });
    content = 7;
    deque->push(&content);
  });
}

// The same where the slot held another item before.
STEP_TEST(2, WorkStealingDeque, ASlotIsReadBeforeItIsUsedAgain, "stolen twice") {
  explore([] {
    const auto deque = std::make_unique<Deque>(1);
    const auto takings = std::make_unique<Takings>();
    deque->push(1);
    {
      std::jthread thief([&] { takings->note(deque->steal()); });
      while (!deque->empty()) std::this_thread::yield();
      deque->push(2);
    }
    empty_into(*takings, *deque);
    takings->expect_all(2);
  });
}

// A pop that finds nothing leaves the deque whole, though a thief looks at it meanwhile.
STEP_TEST(2, WorkStealingDeque, AnEmptyPopHarmsNoThief, "stolen twice") {
  explore([] {
    const auto deque = std::make_unique<Deque>();
    const auto takings = std::make_unique<Takings>();
    {
      std::jthread thief([&] { takings->note(deque->steal()); });
      check(!deque->pop().has_value(), "nothing was pushed yet");
      deque->push(1);
      takings->note(deque->pop());
      deque->push(2);
    }
    empty_into(*takings, *deque);
    takings->expect_all(2);
  });
}

// --- Step 3: growing --------------------------------------------------------------------

// There is always room, and every item keeps its place.
STEP_TEST(3, WorkStealingDeque, GrowsAndKeepsTheOrder, "job order") {
  explore([] {
    Deque deque(2);
    for (int item = 1; item <= 20; ++item) deque.push(item);
    check(deque.steal() == 1, "the oldest item must still be the first");
    for (int item = 20; item > 1; --item) {
      check(deque.pop() == item, "the items must come back, newest first");
    }
    check(!deque.pop().has_value(), "nothing is left to pop");
  });
}

// The same where the items lie across the end of the ring.
STEP_TEST(3, WorkStealingDeque, GrowsFromTheMiddleOfTheRing, "job order") {
  explore([] {
    Deque deque(4);
    for (int item = 1; item <= 4; ++item) deque.push(item);
    for (int item = 1; item <= 3; ++item) {
      check(deque.steal() == item, "the oldest item must be stolen first");
    }
    for (int item = 5; item <= 9; ++item) deque.push(item);
    for (int item = 4; item <= 9; ++item) {
      check(deque.steal() == item, "growing must keep each item at its index");
    }
  });
}

// The owner grows while a thief is at work: what the thief reads is still there, and each
// item is taken once.
STEP_TEST(3, WorkStealingDeque, AThiefMayReadTheOldRing, "reclaimed too early") {
  explore([] {
    const auto deque = std::make_unique<Deque>(1);
    const auto takings = std::make_unique<Takings>();
    deque->push(1);
    {
      std::jthread thief([&] { takings->note(deque->steal()); });
      deque->push(2);
      deque->push(3);
    }
    empty_into(*takings, *deque);
    takings->expect_all(3);
  });
}

// A thief that reads the new ring sees what was copied into it.
STEP_TEST(3, WorkStealingDeque, ANewRingBringsItsItems, "published too early") {
  explore([] {
    const auto deque = std::make_unique<Deque>(1);
    const auto takings = std::make_unique<Takings>();
    {
      std::jthread thief([&] {
        takings->note(deque->steal());
        takings->note(deque->steal());
      });
      deque->push(1);
      deque->push(2);
    }
    empty_into(*takings, *deque);
    takings->expect_all(2);
  });
}

// Growing doubles: two hundred pushes allocate a few times, not at every push.
STEP_TEST(3, WorkStealingDeque, CostOfGrowing) {
  explore([] {
    const auto deque = std::make_unique<Deque>(1);
    const interleave::Cost cost("two hundred pushes");
    for (int item = 1; item <= 200; ++item) deque->push(item);
  });
}

}  // namespace
