// Tests of exercise 5.3. Each opens with its property; where it is about several threads,
// `explore` looks for the schedule that breaks it.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <reorder.hpp>  // in <>, so that the include path decides whose it is
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "course/step_test.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;
using Numbers = Reorder<int, int>;

// Of so many threads there are more schedules than there is time for.
void explore_some(void (*body)()) {
  interleave::Options options;
  options.schedules = 3'000;
  explore(body, options);
}

int times_ten(int item) { return 10 * item; }

// Something that happens once, and that threads can wait for.
class Event {
 public:
  void happen() {
    happened_.store(true);
    happened_.notify_all();
  }
  void wait() const { happened_.wait(false); }

 private:
  std::atomic<bool> happened_ = false;
};

// --- Step 1: in order, and side by side ------------------------------------------------

// With one worker: each item is worked on, and items and results are moved.
STEP_TEST(1, Reorder, GivesEachResult, "job order") {
  explore([] {
    Reorder<std::unique_ptr<int>, std::unique_ptr<int>> stage(
        1, 2, [](std::unique_ptr<int> item) {
          *item *= 10;
          return item;
        });
    for (int item = 1; item < 4; ++item) {
      stage.put(std::make_unique<int>(item));
      const auto result = stage.take();
      check(result && *result && **result == 10 * item,
            "take must give what work made of it");
    }
  });
}

// Two workers: whichever is done first, what comes out is in order.
STEP_TEST(1, Reorder, RestoresTheOrder, "job order") {
  explore_some([] {
    Numbers stage(2, 3, times_ten);
    for (const int item : {1, 2, 3}) stage.put(int{item});
    for (const int item : {1, 2, 3}) {
      check(stage.take() == 10 * item, "results must leave in the order of the items");
    }
  });
}

// The second item is done before the first, and comes out after it. Both are at work at the
// same time: the first waits for the second.
STEP_TEST(1, Reorder, LaterItemsWaitForEarlierOnes, "job order") {
  explore_some([] {
    const auto second_done = std::make_unique<Event>();
    Numbers stage(2, 3, [&done = *second_done](int item) {
      if (item == 1) done.wait();
      if (item == 2) done.happen();
      return item;
    });
    for (const int item : {1, 2, 3}) stage.put(int{item});
    for (const int item : {1, 2, 3}) {
      check(stage.take() == item, "results must leave in the order of the items");
    }
  });
}

// Two items that wait for each other: both must be at work at the same time.
STEP_TEST(1, Reorder, WorksSideBySide, "parallelism") {
  explore_some([] {
    const auto begun = std::make_unique<std::array<Event, 2>>();
    Numbers stage(2, 2, [&events = *begun](int item) {
      events[static_cast<std::size_t>(item)].happen();
      events[static_cast<std::size_t>(1 - item)].wait();
      return item;
    });
    stage.put(0);
    stage.put(1);
    check(stage.take() == 0, "results must leave in the order of the items");
    check(stage.take() == 1, "results must leave in the order of the items");
  });
}

// Items are put while others are taken: no result is lost, none comes twice.
STEP_TEST(1, Reorder, KeepsTheOrderInAStream, "check then act") {
  explore_some([] {
    const auto stage = std::make_unique<Numbers>(2, 2, times_ten);
    std::jthread before([&] {
      interleave::name_thread("before");
      for (const int item : {1, 2, 3}) stage->put(int{item});
    });
    for (const int item : {1, 2, 3}) {
      check(stage->take() == 10 * item, "results must leave in the order of the items");
    }
  });
}

// The thread that takes sees all that was written before the put, and by the work.
STEP_TEST(1, Reorder, HandsOnWhatWasWritten, "data race") {
  explore_some([] {
    int written = 0;
    Reorder<int*, int*> stage(1, 1, [](int* item) {
      *item += 1;
      return item;
    });
    written = 7;
    stage.put(&written);
    const std::optional<int*> result = stage.take();
    check(result && **result == 8, "take must see what the work wrote");
  });
}

// A thread that takes, and a worker, sleep while there is nothing to do.
STEP_TEST(1, Reorder, CostOfWaiting, "busy waiting") {
  explore([] {
    const auto stage = std::make_unique<Numbers>(1, 1, times_ten);
    std::jthread before([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      stage->put(1);
    });
    const interleave::Cost cost("wait for a result");
    check(stage->take() == 10, "take must give what work made of the item");
  });
}

// --- Step 2: a bounded window that never gets stuck --------------------------------------

// At no moment more items are inside than the window holds, whether they wait, are at work,
// or are done: the one that is put waits, and nothing else keeps it.
STEP_TEST(2, Reorder, HoldsAtMostItsCapacity, "backpressure") {
  explore_some([] {
    const auto stage = std::make_unique<Numbers>(1, 2, times_ten);
    std::atomic<int> put = 0;
    std::jthread before([&] {
      for (int item = 0; item < 4; ++item) {
        stage->put(int{item});
        put.store(item + 1, std::memory_order_relaxed);
      }
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    for (int item = 0; item < 4; ++item) {
      check(put.load(std::memory_order_relaxed) <= item + 2,
            "a window of two holds more than two items");
      check(stage->take() == 10 * item, "results must leave in the order of the items");
    }
  });
}

// The whole window can be filled before anything is taken, again and again.
STEP_TEST(2, Reorder, UsesItsWholeWindow, "backpressure") {
  explore_some([] {
    Numbers stage(1, 2, times_ten);
    for (const int first : {1, 3}) {
      stage.put(int{first});
      stage.put(first + 1);
      check(stage.take() == 10 * first, "results must leave in the order of the items");
      check(stage.take() == 10 * first + 10,
            "results must leave in the order of the items");
    }
  });
}

// The oldest item is the slowest, and later ones fill the window: it has its place already.
STEP_TEST(2, Reorder, TheSlowestHasAPlace, "head-of-line blocking") {
  explore_some([] {
    const auto stage = std::make_unique<Numbers>(2, 2, times_ten);
    std::jthread before([&] {
      interleave::name_thread("before");
      for (const int item : {1, 2, 3, 4}) stage->put(int{item});
    });
    for (const int item : {1, 2, 3, 4}) {
      check(stage->take() == 10 * item, "results must leave in the order of the items");
    }
  });
}

// --- Step 3: an item that fails keeps its place -------------------------------------------

// What take gives, or throws, in words.
std::string told_by(Numbers& stage) {
  try {
    const std::optional<int> result = stage.take();
    return result ? std::to_string(*result) : "the end";
  } catch (const std::exception& error) {
    return error.what();
  } catch (int error) {
    return "error " + std::to_string(error);
  }
}

// What the work throws, of whatever type, is thrown where its result would have come; the
// items behind come too. The test keeps what is thrown: libstdc++ counts an exception's
// owners where no tool looks, and a thread that lets go of it last would seem to race.
STEP_TEST(3, Reorder, AFailedItemKeepsItsPlace, "exception safety") {
  explore_some([] {
    const auto no_ink = std::make_exception_ptr(std::runtime_error("no ink"));
    const auto seven = std::make_exception_ptr(7);
    Numbers stage(2, 4, [&](int item) {
      if (item == 1) std::rethrow_exception(no_ink);
      if (item == 3) std::rethrow_exception(seven);
      return item;
    });
    for (const int item : {1, 2, 3, 4}) stage.put(int{item});
    for (const std::string expected : {"no ink", "2", "error 7", "4"}) {
      const std::string told = told_by(stage);
      check(told == expected, "take must give or throw " + expected + ", not " + told);
    }
  });
}

// A failed item makes room like any other, also in a window of one.
STEP_TEST(3, Reorder, AFailedItemMakesRoom, "exception safety") {
  explore_some([] {
    const auto no_ink = std::make_exception_ptr(std::runtime_error("no ink"));
    Numbers stage(1, 1, [&](int item) {
      if (item < 3) std::rethrow_exception(no_ink);
      return item;
    });
    for (const std::string expected : {"no ink", "no ink", "3"}) {
      stage.put(expected == "3" ? 3 : 1);
      const std::string told = told_by(stage);
      check(told == expected, "take must give or throw " + expected + ", not " + told);
    }
  });
}

// --- Step 4: the end --------------------------------------------------------------------

// After close comes all that was put, also what is still at work; then the end, for good.
STEP_TEST(4, Reorder, AfterTheLastComesTheEnd, "end of stream") {
  explore_some([] {
    const auto stage = std::make_unique<Numbers>(2, 2, times_ten);
    std::jthread before([&] {
      interleave::name_thread("before");
      stage->put(1);
      stage->put(2);
      stage->close();
    });
    check(stage->take() == 10, "an item that was put before close must come out");
    check(stage->take() == 20, "an item that was put before close must come out");
    check(stage->take() == std::nullopt,
          "closed, and all was taken: take must give nothing");
    check(stage->take() == std::nullopt, "and again nothing");
  });
}

// Closed with nothing in it: the thread that takes learns it, and every worker ends.
STEP_TEST(4, Reorder, ClosedWhileEmpty, "end of stream") {
  explore_some([] {
    const auto stage = std::make_unique<Numbers>(2, 1, times_ten);
    std::jthread before([&] { stage->close(); });
    check(stage->take() == std::nullopt, "no item was ever put");
  });
}

// Destroyed with items inside: those at work are finished, the rest is dropped, all ends.
STEP_TEST(4, Reorder, EndsWithItemsInside, "shutdown") {
  explore_some([] {
    const auto item = std::make_shared<int>(1);
    {
      Reorder<std::shared_ptr<int>, int> stage(
          1, 3, [](const std::shared_ptr<int>& number) { return *number; });
      for (int i = 0; i < 3; ++i) stage.put(item);
    }
    check(item.use_count() == 1, "an item outlived the stage");
  });
}

}  // namespace
