// Tests of exercise 5.2. Each opens with its property; where it is about several threads,
// `explore` looks for the schedule, and for the old value in memory, that breaks it.
//
// What threads share is on the heap: Clang 14's hooks leave out what a function does with
// the members of its own local variables.
#include <gtest/gtest.h>

#include <assembly_line.hpp>  // in <>, so that the include path decides whose it is
#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "course/step_test.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;
using Clock = std::chrono::steady_clock;

// Something to sleep for: no multiple of what a loop that polls would sleep.
constexpr auto a_while = std::chrono::microseconds(1317);

// Whether a thread that waited until `moment` was woken then. Where time is chosen by the
// explorer hardly any passes while a thread is awake.
bool woken_at(Clock::time_point moment) {
  return !interleave::explores_schedules() ||
         Clock::now() - moment < std::chrono::microseconds(10);
}

template <typename Item>
std::unique_ptr<Belt<Item>> a_belt(std::size_t capacity) {
  return std::make_unique<Belt<Item>>(capacity);
}

// --- Step 1: a side with nothing to do sleeps, and is woken ----------------------------

// Items leave a belt in the order in which they came, and are moved, not copied.
STEP_TEST(1, AssemblyLine, BeltKeepsTheOrder, "job order") {
  explore([] {
    const auto belt = a_belt<std::unique_ptr<int>>(2);
    for (int item = 1; item < 6; item += 2) {
      check(belt->push(std::make_unique<int>(item)), "push on an open belt is true");
      check(belt->push(std::make_unique<int>(item + 1)), "push on an open belt is true");
      for (const int expected : {item, item + 1}) {
        const auto taken = belt->pop();
        check(taken && *taken && **taken == expected,
              "items must come in order, each once");
      }
    }
  });
}

// A consumer that comes to an empty belt gets the item that is pushed later, and sees all
// that the producer wrote before.
STEP_TEST(1, AssemblyLine, PopWaitsForAnItem, "lost wake-up") {
  explore([] {
    const auto belt = a_belt<int*>(1);
    int written = 0;
    std::jthread consumer([&] {
      interleave::name_thread("consumer");
      const std::optional<int*> item = belt->pop();
      check(item.has_value(), "pop gave nothing, though the belt was not closed");
      check(item && **item == 7,
            "the consumer must see what was written before the push");
    });
    written = 7;
    check(belt->push(&written), "push on an open belt is true");
  });
}

// A producer that comes to a full belt waits for room, and its items arrive in order.
STEP_TEST(1, AssemblyLine, PushWaitsForRoom, "check then act") {
  explore([] {
    const auto belt = a_belt<int>(1);
    std::jthread producer([&] {
      interleave::name_thread("producer");
      for (const int item : {1, 2, 3})
        check(belt->push(item), "push on an open belt is true");
    });
    for (const int item : {1, 2, 3})
      check(belt->pop() == item, "items must come in order");
  });
}

// With room for two the producer is ahead, or the consumer: neither sleeps while the other
// has made something to do, and then sleeps itself.
STEP_TEST(1, AssemblyLine, NeitherSideOversleeps, "lost wake-up") {
  explore([] {
    const auto belt = a_belt<int>(2);
    std::jthread producer([&] {
      interleave::name_thread("producer");
      for (const int item : {1, 2, 3, 4})
        check(belt->push(item), "push on an open belt is true");
    });
    for (const int item : {1, 2, 3, 4})
      check(belt->pop() == item, "items must come in order");
  });
}

// A belt never holds more than its capacity, however late the consumer comes.
STEP_TEST(1, AssemblyLine, BeltIsBounded, "backpressure") {
  explore([] {
    const auto belt = a_belt<int>(2);
    std::atomic<int> pushed = 0;
    std::jthread producer([&] {
      for (int item = 0; item < 4; ++item) {
        check(belt->push(int{item}), "push on an open belt is true");
        pushed.store(item + 1, std::memory_order_relaxed);
      }
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    for (int item = 0; item < 4; ++item) {
      check(pushed.load(std::memory_order_relaxed) <= item + 2,
            "a belt with room for two holds more than two items");
      check(belt->pop() == item, "items must come in order");
    }
  });
}

// A consumer that waits sleeps: it looks neither again and again, nor from time to time.
STEP_TEST(1, AssemblyLine, AConsumerSleeps, "busy waiting") {
  explore([] {
    const auto belt = a_belt<Clock::time_point>(1);
    std::jthread producer([&] {
      std::this_thread::sleep_for(a_while);
      check(belt->push(Clock::now()), "push on an open belt is true");
    });
    const interleave::Cost cost("wait for an item");
    const std::optional<Clock::time_point> pushed = belt->pop();
    check(pushed.has_value(), "pop gave nothing, though the belt was not closed");
    check(pushed && woken_at(*pushed),
          "pop sleeps for a time, and looks again, instead of being woken");
  });
}

// A producer that waits sleeps.
STEP_TEST(1, AssemblyLine, AProducerSleeps, "busy waiting") {
  explore([] {
    const auto belt = a_belt<int>(1);
    std::atomic<Clock::time_point> popped = Clock::time_point();
    check(belt->push(1), "push on an open belt is true");
    std::jthread consumer([&] {
      std::this_thread::sleep_for(a_while);
      popped = Clock::now();
      check(belt->pop() == 1, "items must come in order");
    });
    const interleave::Cost cost("wait for room");
    check(belt->push(2), "push on an open belt is true");
    check(woken_at(popped),
          "push sleeps for a time, and looks again, instead of being woken");
  });
}

// With room on the belt a push neither locks nor allocates.
STEP_TEST(1, AssemblyLine, CostOfAPush) {
  explore([] {
    const auto belt = a_belt<int>(8);
    const interleave::Cost cost("push", 8);
    for (int item = 0; item < 8; ++item) check(belt->push(int{item}), "there is room");
  });
}

// With items on the belt a pop neither locks nor allocates.
STEP_TEST(1, AssemblyLine, CostOfAPop) {
  explore([] {
    const auto belt = a_belt<int>(8);
    for (int item = 0; item < 8; ++item) check(belt->push(int{item}), "there is room");
    const interleave::Cost cost("pop", 8);
    for (int item = 0; item < 8; ++item)
      check(belt->pop() == item, "items must come in order");
  });
}

// --- Step 2: after close, what was pushed and then the end ------------------------------

// What was pushed before close can still be popped; then pop gives nothing, again and again.
STEP_TEST(2, AssemblyLine, CloseKeepsWhatWasPushed, "end of stream") {
  explore([] {
    const auto belt = a_belt<int>(2);
    check(belt->push(1) && belt->push(2), "push on an open belt is true");
    belt->close();
    belt->close();
    check(belt->pop() == 1, "an item pushed before close must still be popped");
    check(belt->pop() == 2, "an item pushed before close must still be popped");
    check(belt->pop() == std::nullopt, "closed and empty: pop must give nothing");
    check(belt->pop() == std::nullopt, "and again nothing");
  });
}

// The producer pushes and closes; the consumer gets every item before it gets nothing.
STEP_TEST(2, AssemblyLine, NothingIsLostWhenClosed, "end of stream") {
  explore([] {
    const auto belt = a_belt<int>(1);
    std::jthread producer([&] {
      interleave::name_thread("producer");
      check(belt->push(1) && belt->push(2), "push on an open belt is true");
      belt->close();
    });
    check(belt->pop() == 1, "the first item must arrive");
    check(belt->pop() == 2, "the second item must arrive, though the belt may be closed");
    check(belt->pop() == std::nullopt, "closed and empty: pop must give nothing");
  });
}

// A consumer that waits for an item learns that none will come, and sees all that the
// producer wrote before it closed.
STEP_TEST(2, AssemblyLine, CloseWakesTheConsumer, "lost wake-up") {
  explore([] {
    const auto belt = a_belt<int>(1);
    int written = 0;
    std::jthread consumer([&] {
      interleave::name_thread("consumer");
      check(!belt->pop(), "no item was ever pushed");
      check(written == 7, "the consumer must see what was written before close");
    });
    written = 7;
    belt->close();
  });
}

// --- Step 3: a consumer that stops ends the producer ------------------------------------

// After stop a push is refused, and what it brought is gone.
STEP_TEST(3, AssemblyLine, StopRefusesItems, "shutdown") {
  explore([] {
    const auto belt = a_belt<std::shared_ptr<int>>(2);
    const auto item = std::make_shared<int>(1);
    check(belt->push(item), "push on an open belt is true");
    belt->stop();
    belt->stop();
    check(!belt->push(item), "push after stop must return false");
    check(!belt->push(item), "and again false");
    check(item.use_count() == 2, "an item that was refused must not be kept");
  });
}

// A producer that waits for room is told that there will be none.
STEP_TEST(3, AssemblyLine, StopWakesTheProducer, "lost wake-up") {
  explore([] {
    const auto belt = a_belt<int>(1);
    check(belt->push(1), "push on an open belt is true");
    std::jthread producer([&] {
      interleave::name_thread("producer");
      check(!belt->push(2), "stopped while it waited for room: push must return false");
    });
    belt->stop();
  });
}

// A producer that never waits learns it too, in the end, and so does one whose last item
// found room.
STEP_TEST(3, AssemblyLine, EveryProducerEnds, "shutdown") {
  explore([] {
    const auto belt = a_belt<int>(1);
    std::jthread producer([&] {
      interleave::name_thread("producer");
      while (belt->push(1)) continue;
    });
    check(belt->pop() == 1, "an item must come");
    belt->stop();
  });
}

// --- Step 4: a line hands on items, errors, and both ends -------------------------------

int add_one(int item) { return item + 1; }
int times_ten(int item) { return 10 * item; }

using Line = AssemblyLine<int>;

// Of so many threads there are more schedules than there is time for.
void explore_some(void (*body)()) {
  interleave::Options options;
  options.schedules = 2'000;
  explore(body, options);
}

// What take throws, in words; what it gives, if it throws nothing.
std::string told_by(Line& line) {
  try {
    const std::optional<int> item = line.take();
    return item ? std::to_string(*item) : "the end";
  } catch (const std::exception& error) {
    return error.what();
  } catch (int error) {
    return "error " + std::to_string(error);
  }
}

// Every stage does its part of each item, in order; after the last item comes the end.
STEP_TEST(4, AssemblyLine, EachStageDoesItsPart, "end of stream") {
  explore_some([] {
    Line line(1, {add_one, times_ten});
    check(line.put(1), "put on an open line is true");
    check(line.put(2), "put on an open line is true");
    line.close();
    check(line.take() == 20, "the first item must have passed both stages");
    check(line.take() == 30, "the second item must come after the first");
    check(line.take() == std::nullopt, "after the last item comes the end");
    check(line.take() == std::nullopt, "and the end stays");
  });
}

// A stage has its item to itself: no copy of it stays behind on the way.
STEP_TEST(4, AssemblyLine, AStageOwnsItsItem, "shared state") {
  explore_some([] {
    using Owned = std::shared_ptr<int>;
    AssemblyLine<Owned> line(1, {[](Owned item) {
                               check(
                                   item.use_count() == 1,
                                   "the line keeps a copy of an item while a stage is at "
                                   "work on it: items are moved");
                               *item += 1;
                               return item;
                             }});
    check(line.put(std::make_shared<int>(1)), "put on an open line is true");
    line.close();
    const std::optional<Owned> item = line.take();
    check(item && *item && **item == 2, "the item must have passed the stage");
  });
}

// The test keeps what is thrown: libstdc++ counts an exception's owners where no tool looks,
// and a thread that lets go of it last would seem to race with the one that reads it.
Line::Stage throws_at(int bad, const std::exception_ptr& error) {
  return [bad, error](int item) {
    if (item == bad) std::rethrow_exception(error);
    return item;
  };
}

// What a stage throws, of whatever type, takes its item's place, and no later stage has a
// part in it. The items behind it are done.
STEP_TEST(4, AssemblyLine, AnErrorTravelsInItsItemsPlace, "exception safety") {
  explore_some([] {
    const auto no_ink = std::make_exception_ptr(std::runtime_error("no ink"));
    const auto seven = std::make_exception_ptr(7);
    Line line(4, {throws_at(1, no_ink), throws_at(2, seven), times_ten});
    for (const int item : {1, 2, 3}) check(line.put(item), "put on an open line is true");
    line.close();
    const std::string first = told_by(line);
    check(first == "no ink", "take must throw what the first stage threw, not: " + first);
    const std::string second = told_by(line);
    check(second == "error 7",
          "take must throw what the second stage threw, not: " + second);
    const std::string third = told_by(line);
    check(third == "30", "the item behind those that failed must be done, not: " + third);
    check(told_by(line) == "the end", "after the last item comes the end");
  });
}

// A line holds what its belts hold and one item for each stage, however late the sink comes.
STEP_TEST(4, AssemblyLine, TheWholeLineIsBounded, "backpressure") {
  explore_some([] {
    const auto line = std::make_unique<Line>(1, std::vector<Line::Stage>{add_one});
    std::atomic<int> put = 0;
    std::jthread source([&] {
      for (int item = 0; item < 5; ++item) {
        check(line->put(int{item}), "put on an open line is true");
        put.store(item + 1, std::memory_order_relaxed);
      }
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    for (int item = 0; item < 5; ++item) {
      check(put.load(std::memory_order_relaxed) <= item + 3,
            "two belts for one item each, and one stage: four items are inside");
      check(line->take() == item + 1, "items must come in order");
    }
  });
}

// The sink stops first: every stage ends, and so does a source that has more to put.
STEP_TEST(4, AssemblyLine, TheSinkStopsFirst, "shutdown") {
  explore_some([] {
    const auto line =
        std::make_unique<Line>(1, std::vector<Line::Stage>{add_one, add_one});
    std::jthread source([&] {
      interleave::name_thread("source");
      while (line->put(1)) continue;
    });
    check(line->take() == 3, "an item must come");
    line->stop();
  });
}

// A line that is destroyed with items inside, open or closed, ends its threads.
STEP_TEST(4, AssemblyLine, EndsWithItemsInside, "shutdown") {
  explore_some([] {
    for (const bool closed : {false, true}) {
      Line line(1, {add_one});
      check(line.put(1), "put on an open line is true");
      check(line.put(2), "put on an open line is true");
      if (closed) line.close();
    }
  });
}

}  // namespace
