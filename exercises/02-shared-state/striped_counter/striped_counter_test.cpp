// Tests of exercise 2.3. Each opens with its property; where it is about several threads,
// `explore` looks for the schedule that breaks it.
//
// Only threads that end within a test add: a seat is given back at its thread's end.
#include <cstddef>
#include <cstdint>
#include <latch>
#include <striped_counter.hpp>  // in <>, so that the include path decides whose it is
#include <thread>
#include <type_traits>
#include <vector>

#include "course/step_test.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;

void in_a_thread(auto work) { std::jthread(work).join(); }

// A counter starts at nothing.
STEP_TEST(1, StripedCounter, StartsAtZero, "atomicity") {
  explore([] {
    const StripedCounter counter{};  // with or without initializers of its own
    check(counter.value() == 0, "nothing was added");
  });
}

// What one thread adds, and takes away, is counted.
STEP_TEST(1, StripedCounter, CountsOneThread, "atomicity") {
  explore([] {
    StripedCounter counter;
    in_a_thread([&] {
      counter.add(5);
      counter.add(-2);
      check(counter.value() == 3, "a thread must see what it added itself");
    });
  });
}

// Two threads that add at the same time lose nothing.
STEP_TEST(1, StripedCounter, CountsTwoThreads, "atomicity") {
  explore([] {
    StripedCounter counter;
    {
      std::jthread one([&] { counter.add(1); });
      std::jthread two([&] {
        counter.add(10);
        counter.add(10);
      });
    }
    check(counter.value() == 21, "after both threads ended nothing may be missing");
  });
}

// Two counters do not mix.
STEP_TEST(1, StripedCounter, CountersAreApart, "shared state") {
  explore([] {
    StripedCounter apples;
    StripedCounter pears;
    in_a_thread([&] {
      apples.add(1);
      pears.add(2);
    });
    check(apples.value() == 1 && pears.value() == 2, "each counter counts its own");
  });
}

// What a thread added outlives the thread.
STEP_TEST(1, StripedCounter, KeepsTheCountOfThreadsThatEnded, "shutdown") {
  explore([] {
    StripedCounter counter;
    in_a_thread([&] { counter.add(3); });
    check(counter.value() == 3, "the thread ended; what it added must stay");
    in_a_thread([&] { counter.add(4); });
    check(counter.value() == 7, "the next thread must add to it, not replace it");
  });
}

// A count has 64 bits, and so has the sum.
STEP_TEST(1, StripedCounter, CountsBeyond32Bits, "atomicity") {
  explore([] {
    StripedCounter counter;
    constexpr std::int64_t large = std::int64_t{1} << 40;
    in_a_thread([&] { counter.add(large); });
    in_a_thread([&] { counter.add(large); });
    check(counter.value() == 2 * large, "a count must not be cut to 32 bits");
  });
}

// What a thread has added can be read once another has seen that it did, while it still runs.
STEP_TEST(1, StripedCounter, CountsThreadsThatStillRun, "atomicity") {
  explore([] {
    StripedCounter counter;
    std::latch added(1);
    std::latch read(1);
    std::jthread adder([&] {
      counter.add(3);
      added.count_down();
      read.wait();
    });
    added.wait();
    check(counter.value() == 3, "an addition that happened before value() is missing");
    read.count_down();
  });
}

// Adds once more when the thread ends, after everything that was made later has died.
struct LastWord {
  ~LastWord() {
    if (counter != nullptr) counter->add(1);
  }
  StripedCounter* counter = nullptr;
};

// A thread may add in its very last destructors, when its seat is another's. The Seat of this
// course's first edition, which keeps its number in itself, is not the student's mistake.
STEP_TEST(1, StripedCounter, CountsAThreadsLastWord, "shutdown") {
  explore([] {
    if (!std::is_empty_v<Seat>) return;
    StripedCounter counter;
    {
      std::jthread ending([&] {
        thread_local LastWord last;
        last.counter = &counter;
        counter.add(1);
      });
      std::jthread coming([&] { counter.add(1); });
    }
    check(counter.value() == 3, "what a thread added as it ended was lost");
  });
}

// No two stripes lie on one cache line. The speed shows it too, but not on a busy machine.
STEP_TEST(2, StripedCounter, EachStripeHasACacheLine, "shared cache line") {
  constexpr std::size_t cache_line = 64;
  EXPECT_EQ(StripedCounter().value(), 0) << "a counter that works begins at nothing";
  if (sizeof(StripedCounter) < Seat::kSeats * cache_line) {
    ADD_FAILURE()
        << "each `Stripe` needs a cache line of 64 bytes of its own: two on one "
           "line are contention without a lock, since it travels between the "
           "cores at every add";
  }
}

// More threads than seats: the two that got none add at the same time, and both count.
STEP_TEST(1, StripedCounter, CountsMoreThreadsThanSeats, "atomicity") {
  interleave::Options options;
  options.schedules = 500;  // of so many threads each takes long
  const auto body = [] {
    StripedCounter counter;
    std::latch seated(Seat::kSeats);
    std::latch over(1);
    std::vector<std::jthread> sitting;
    for (std::size_t i = 0; i < Seat::kSeats; ++i) {
      sitting.emplace_back([&] {
        counter.add(1);
        seated.count_down();
        over.wait();
      });
    }
    seated.wait();
    {
      std::jthread one([&] { counter.add(1); });
      std::jthread two([&] { counter.add(1); });
    }
    over.count_down();
    sitting.clear();
    check(counter.value() == std::int64_t{Seat::kSeats} + 2,
          "an addition without a seat was lost");
  };
  explore(body, options);
}

// A reader meanwhile sees some of it: never more than was added, never less than before.
STEP_TEST(1, StripedCounter, ValueGrowsWithTheCount, "data race") {
  explore([] {
    StripedCounter counter;
    std::jthread adder([&] {
      counter.add(1);
      counter.add(1);
    });
    std::jthread reader([&] {
      const std::int64_t first = counter.value();
      const std::int64_t second = counter.value();
      check(0 <= first && first <= second && second <= 2,
            "a count that only grows must never seem to shrink");
    });
  });
}

// An addition is a load and a store: no lock, no read-modify-write, nothing allocated.
STEP_TEST(1, StripedCounter, CostOfAnAddition, "contention") {
  explore([] {
    StripedCounter counter;
    in_a_thread([&] {
      counter.add(1);
      const interleave::Cost cost("add");
      counter.add(1);
    });
  });
}

}  // namespace
