// Tests of exercise 6.1. Each opens with its property. Time is a fake clock: where a test
// says that 20 ms pass, they are not waited for.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <timers.hpp>  // in <>, so that the include path decides whose it is
#include <utility>
#include <vector>

#include "course/records.hpp"
#include "course/step_test.hpp"
#include "fake_poller.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;
using namespace std::chrono_literals;

using FakeTimers = Timers<FakePoller>;
using Duration = std::chrono::nanoseconds;

// Thrown by a handler to end `run`.
struct Enough {};

void run_until_enough(FakeTimers& timers) {
  try {
    timers.run();
  } catch (const Enough&) {
  }
}

std::string in_milliseconds(Duration time) {
  return std::to_string(std::chrono::duration<double, std::milli>(time).count()) + " ms";
}

// A fake clock that knows when the test began.
struct Stopwatch {
  explicit Stopwatch(FakePoller& poller_in) : poller(poller_in), start(poller_in.now()) {}
  [[nodiscard]] Duration passed() { return poller.now() - start; }

  FakePoller& poller;
  TimePoint start;
};

// Checks that something due after `due` happened then: never before, and no later than
// the milliseconds of a Limit and some rounds of the loop make it.
void check_on_time(Duration happened, Duration due) {
  check(happened >= due, "due after " + in_milliseconds(due) +
                             ", it ran too early, after " + in_milliseconds(happened));
  check(happened <= due + 1100us, "due after " + in_milliseconds(due) +
                                      ", it ran too late, after " +
                                      in_milliseconds(happened));
}

// --- Step 1: each timer once, at its time ---------------------------------------------

// A timer's handler runs once, when its time has come; then nothing is left, and run ends.
STEP_TEST(1, Timers, RunsWhenDue, "due time") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    Stopwatch watch(poller);
    int ran = 0;
    timers.after(5ms, [&] {
      ++ran;
      check_on_time(watch.passed(), 5ms);
    });
    timers.run();
    check(ran == 1, "the handler must run once; times it ran: " + std::to_string(ran));
    timers.run();
    check(ran == 1, "a second run must find nothing left");
  });
}

// Without a timer there is nothing to wait for.
STEP_TEST(1, Timers, ReturnsWhenNoneIsLeft, "due time") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    timers.run();
    check(poller.waits() == 0, "without a timer run must return without waiting");
  });
}

// Handlers run in the order of their times, and at equal times in the order of their start;
// all that are due are run.
STEP_TEST(1, Timers, RunsInTheOrderOfTheirTimes, "due time") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    std::string order;
    const auto say = [&](const char* what) { return [&order, what] { order += what; }; };
    timers.after(30ms, say("e"));
    timers.after(10ms, say("a"));
    timers.after(20ms, say("b"));
    timers.after(20ms, say("c"));
    timers.after(20ms, say("d"));
    timers.run();
    check(order == "abcde",
          "at 10, 20, 20, 20 and 30 ms: the order must be abcde, and is " + order);
  });
}

// A handler that takes long makes others late. All of them run, before the loop sleeps.
STEP_TEST(1, Timers, CatchesUpWithAllThatAreDue, "due time") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    Stopwatch watch(poller);
    timers.after(1ms, [&] { poller.advance(50ms); });
    int ran = 0;
    for (int timer = 0; timer < 3; ++timer) {
      timers.after(10ms + timer * 1ms, [&] {
        ++ran;
        check(watch.passed() < 53ms, "it has been due for long, and runs only after " +
                                         in_milliseconds(watch.passed()));
      });
    }
    timers.after(1h, [&] { check(ran == 3, "three were due an hour ago"); });
    timers.run();
    check(ran == 3, "three timers were due, and " + std::to_string(ran) + " ran");
  });
}

// However fine the time, and however many timers: none runs early or late.
STEP_TEST(1, Timers, IsNeverEarlyAndNeverLate, "due time") {
  explore([] {
    std::mt19937_64 random(course::seed());
    FakePoller poller;
    FakeTimers timers(poller);
    Stopwatch watch(poller);
    int ran = 0;
    for (int timer = 0; timer < 30; ++timer) {
      const Duration delay(random() % 100'000'000);
      timers.after(delay, [&, delay] {
        ++ran;
        check_on_time(watch.passed(), delay);
      });
    }
    timers.run();
    check(ran == 30, "30 timers were started, and " + std::to_string(ran) + " ran");
  });
}

// Between two timers the loop sleeps once, not again and again: also where the time left is
// no whole number of milliseconds.
STEP_TEST(1, Timers, SleepsUntilTheNextIsDue, "busy waiting") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    for (const Duration delay : {Duration(300us), Duration(7'900us), Duration(1h)}) {
      timers.after(delay, [] {});
    }
    timers.run();
    check(poller.waits() <= 6,
          "three timers need three waits, or some more; there were " +
              std::to_string(poller.waits()));
  });
}

// A handler may start timers. They run in a later round, so that the poller is asked in
// between: else a handler that starts itself again would keep all others out.
STEP_TEST(1, Timers, WhatAHandlerStartsRunsInALaterRound, "head-of-line blocking") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    int ran = 0;
    std::function<void()> again = [&] {
      if (++ran < 5) timers.after(0ms, again);
    };
    timers.after(0ms, again);
    timers.run();
    check(ran == 5,
          "each handler starts the next, five in all; " + std::to_string(ran) + " ran");
    check(poller.waits() >= 5,
          "between two of them the poller must be asked; for five handlers the times it "
          "was asked: " +
              std::to_string(poller.waits()));
  });
}

// What a handler throws comes out of run. Calling run again continues with the next one.
STEP_TEST(1, Timers, OutlivesAThrowingHandler, "exception safety") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    int ran = 0;
    timers.after(1ms, [] { throw std::runtime_error("no paper"); });
    timers.after(1ms, [&] { ++ran; });
    timers.after(2ms, [&] { ++ran; });
    bool thrown = false;
    try {
      timers.run();
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    check(thrown, "what the handler throws must come out of run");
    timers.run();
    check(ran == 2, "two timers were left, and " + std::to_string(ran) + " ran");
  });
}

// A handler may be any callable, is destroyed once it has run, and is moved into place.
STEP_TEST(1, Timers, LetsGoOfWhatItCaptured, "lifetime") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    auto captured = std::make_shared<int>(1);
    const std::weak_ptr<int> seen = captured;
    timers.after(1ms, [captured = std::move(captured)] {});
    timers.after(2ms, [&] { check(seen.expired(), "it ran a millisecond ago"); });
    timers.run();
  });
}

// And not under a lock: a destructor may start a timer.
STEP_TEST(1, Timers, WhatItCapturedMayStartATimer, "lock held too long") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    bool ran = false;
    std::shared_ptr<int> captured(new int(1), [&](const int* number) {
      delete number;
      timers.after(1ms, [&] { ran = true; });
    });
    timers.after(1ms, [captured = std::move(captured)] {});
    timers.run();
    check(ran, "the destructor of what the first handler captured started a timer");
  });
}

// --- Step 2: again and again ----------------------------------------------------------

// A handler runs at each multiple of its period.
STEP_TEST(2, Timers, RunsAgainAndAgain, "drift") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    Stopwatch watch(poller);
    int ran = 0;
    timers.every(10ms, [&] {
      ++ran;
      check_on_time(watch.passed(), ran * 10ms);
      if (ran == 5) throw Enough();
    });
    run_until_enough(timers);
    check(ran == 5,
          "it must run again and again, here 5 times; it ran " + std::to_string(ran));
  });
}

// The thousandth time is as much on time as the first, although each is a little late.
STEP_TEST(2, Timers, DoesNotDrift, "drift") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    Stopwatch watch(poller);
    int ran = 0;
    timers.every(2'500us, [&] {
      ++ran;
      check_on_time(watch.passed(), ran * 2'500us);
      poller.advance(700us);
      if (ran == 1000) throw Enough();
    });
    run_until_enough(timers);
    check(ran == 1000, "it must run again and again");
  });
}

// Times that passed while others ran are left out: then it is in step again.
STEP_TEST(2, Timers, LeavesOutWhatHasPassed, "drift") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    Stopwatch watch(poller);
    std::vector<Duration> times;
    timers.every(10ms, [&] {
      times.push_back(watch.passed());
      if (times.size() == 1) poller.advance(35ms);  // until 45: 20, 30 and 40 are past
      if (times.size() == 4) throw Enough();
    });
    run_until_enough(timers);
    check(times.size() == 4, "it must run again and again");
    check_on_time(times[0], 10ms);
    check_on_time(times[1], 45ms);
    check_on_time(times[2], 50ms);
    check_on_time(times[3], 60ms);
  });
}

// Several of them keep their own times.
STEP_TEST(2, Timers, SeveralKeepTheirOwnTimes, "drift") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    std::string order;
    timers.every(30ms, [&] { order += "a"; });
    timers.every(50ms, [&] { order += "b"; });
    timers.after(155ms, [] { throw Enough(); });
    run_until_enough(timers);
    // At 30, 50, 60, 90, 100, 120 and twice at 150, where a was started first.
    check(order == "abaabaab", "the order must be abaabaab, and is " + order);
  });
}

// What a handler throws comes out of run, and costs it none of its other times.
STEP_TEST(2, Timers, RunsAgainAfterItThrew, "exception safety") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    Stopwatch watch(poller);
    int ran = 0;
    timers.every(10ms, [&] {
      ++ran;
      check_on_time(watch.passed(), ran * 10ms);
      throw Enough();
    });
    for (int run = 1; run <= 3; ++run) {
      run_until_enough(timers);
      check(ran == run,
            "a periodic timer whose handler threw must still run again and "
            "again; times due: " +
                std::to_string(run) + ", times it ran: " + std::to_string(ran));
    }
  });
}

// --- Step 3: cancel -------------------------------------------------------------------

// A cancelled timer does not run; cancel says whether there was one.
STEP_TEST(3, Timers, ACancelledTimerDoesNotRun, "cancellation") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    std::string order;
    const auto first = timers.after(1ms, [&] { order += "a"; });
    const auto second = timers.after(2ms, [&] { order += "b"; });
    timers.after(3ms, [&] { order += "c"; });
    check(timers.cancel(second), "it was started, and has not run");
    check(!timers.cancel(second), "it was cancelled already");
    check(!timers.cancel(0), "there never was a timer 0");
    timers.run();
    check(order == "ac", "b was cancelled: the order must be ac, and is " + order);
    check(!timers.cancel(first), "it has run");
  });
}

// Where all that is left was cancelled, nothing is left: run does not wait for it.
STEP_TEST(3, Timers, DoesNotWaitForTheCancelled, "cancellation") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    std::vector<FakeTimers::Id> started;
    for (int timer = 0; timer < 10; ++timer) started.push_back(timers.after(1h, [] {}));
    for (const auto id : started) check(timers.cancel(id), "it has not run");
    timers.run();
    check(poller.waits() == 0, "no timer is left, and yet it waits");
  });
}

// A handler may cancel its own timer, and use what it captured afterwards.
STEP_TEST(3, Timers, AHandlerMayCancelItself, "cancellation") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    FakeTimers::Id id = 0;
    int ran = 0;
    id = timers.every(1ms, [&, text = std::string("captured")] {
      check(timers.cancel(id), "it would have come again");
      check(!timers.cancel(id), "it was cancelled already");
      check(text == "captured", "what a handler captured lives as long as it runs");
      ++ran;
    });
    timers.run();
    check(ran == 1,
          "it cancelled itself in its first run; times it ran: " + std::to_string(ran));
    id = timers.after(1ms, [&] {
      check(!timers.cancel(id), "it runs only once: nothing is left to cancel");
    });
    timers.run();
  });
}

// A handler may cancel a timer that is due at the same moment: it does not run any more.
STEP_TEST(3, Timers, AHandlerMayCancelWhatIsDueToo, "cancellation") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    std::vector<FakeTimers::Id> others;
    int ran = 0;
    timers.after(1ms, [&] {
      for (const auto id : others) check(timers.cancel(id), "it has not run");
    });
    others.push_back(timers.after(1ms, [&] { ++ran; }));
    others.push_back(timers.every(1ms, [&] { ++ran; }));
    others.push_back(timers.after(2ms, [&] { ++ran; }));
    timers.run();
    check(ran == 0, "all three were cancelled, and yet " + std::to_string(ran) + " ran");
  });
}

// What a cancelled handler captured is destroyed at once, not when it would have been due.
STEP_TEST(3, Timers, DestroysWhatItCaptured, "lifetime") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    auto captured = std::make_shared<int>(1);
    const std::weak_ptr<int> seen = captured;
    const auto id = timers.after(1h, [captured = std::move(captured)] {});
    check(timers.cancel(id), "it has not run");
    check(seen.expired(), "after cancel nothing may keep what the handler captured");
  });
}

// And not under a lock: a destructor may start a timer.
STEP_TEST(3, Timers, ADestructorMayStartATimer, "lock held too long") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    bool ran = false;
    std::shared_ptr<int> captured(new int(1), [&](const int* number) {
      delete number;
      timers.after(1ms, [&] { ran = true; });
    });
    const auto id = timers.after(1h, [captured = std::move(captured)] {});
    check(timers.cancel(id), "it has not run");
    timers.run();
    check(ran, "the destructor started a timer");
  });
}

// A cancel needs no memory, and one lock.
STEP_TEST(3, Timers, CostOfACancel, "busy waiting") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    std::vector<FakeTimers::Id> started;
    for (int timer = 0; timer < 100; ++timer) started.push_back(timers.after(1h, [] {}));
    {
      const interleave::Cost cost("cancel", started.size());
      for (const auto id : started) timers.cancel(id);
    }
  });
}

// --- Step 4: any thread ---------------------------------------------------------------

// While the loop sleeps until its next timer, another thread starts one that is due earlier:
// the loop is woken for it.
STEP_TEST(4, Timers, AnEarlierTimerWakesTheLoop, "lost doorbell") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    Stopwatch watch(poller);
    int ran = 0;
    timers.after(1h, [&] { ++ran; });
    poller.meanwhile([&] {
      timers.after(5ms, [&] {
        ++ran;
        check(watch.passed() < 1h, "the loop slept past its time: it was not woken");
        check_on_time(watch.passed(), 5ms);
      });
    });
    timers.run();
    check(ran == 2, "two timers were started, and " + std::to_string(ran) + " ran");
  });
}

// Timers that are due later than the loop sleeps do not wake it.
STEP_TEST(4, Timers, ALaterTimerDoesNotWakeTheLoop, "busy waiting") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    timers.after(1ms, [] {});
    int wakes = 0;
    poller.meanwhile([&] {
      wakes = -poller.wakes();
      for (int timer = 0; timer < 10; ++timer) timers.after(1h, [] {});
      wakes += poller.wakes();
    });
    timers.run();
    check(
        wakes == 0,
        "ten timers that are due in an hour, while the loop sleeps for a millisecond: no "
        "wake is needed, and there were " +
            std::to_string(wakes));
  });
}

// A stop ends run, also while it sleeps; what is left does not run.
STEP_TEST(4, Timers, AStopWakesTheLoop, "lost doorbell") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    Stopwatch watch(poller);
    bool ran = false;
    timers.after(1h, [&] { ran = true; });
    poller.meanwhile([&] { timers.stop(); });
    timers.run();
    check(!ran && watch.passed() < 1h, "the loop slept on: the stop did not wake it");
  });
}

// A handler may stop the loop. Nothing runs after it, not even what is due.
STEP_TEST(4, Timers, AHandlerMayStopTheLoop, "shutdown") {
  explore([] {
    FakePoller poller;
    FakeTimers timers(poller);
    bool ran = false;
    timers.after(1ms, [&] { timers.stop(); });
    timers.after(1ms, [&] { ran = true; });
    timers.run();
    check(!ran, "no handler may run after the one that called stop");
  });
}

// Another thread starts a timer that is due at once. Whatever the loop does at that moment,
// it does not sleep past it.
STEP_TEST(4, Timers, AnotherThreadsTimerIsNotMissed) {
  explore([] {
    FakePoller poller(FakeTime::kStands);
    FakeTimers timers(poller);
    int ran = 0;
    timers.after(1h, [&] { ran += 100; });
    std::jthread worker([&] {
      timers.after(0ms, [&] { ++ran; });
      timers.after(0ms, [&] {
        ++ran;
        timers.stop();
      });
    });
    timers.run();
    check(ran == 2, "both of the worker's timers must run");
  });
}

// The same with two threads, which start timers and do not know of each other.
STEP_TEST(4, Timers, TwoThreadsMayStartTimers) {
  explore([] {
    FakePoller poller(FakeTime::kStands);
    FakeTimers timers(poller);
    int ran = 0;
    const auto count = [&] {
      if (++ran == 2) timers.stop();
    };
    timers.after(1h, [&] { ran += 100; });
    std::jthread worker1([&] { timers.after(0ms, count); });
    std::jthread worker2([&] { timers.after(0ms, count); });
    timers.run();
    check(ran == 2, "each worker's timer must run");
  });
}

// Another thread's stop is not missed, whenever it comes.
STEP_TEST(4, Timers, AnotherThreadsStopIsNotMissed) {
  explore([] {
    FakePoller poller(FakeTime::kStands);
    FakeTimers timers(poller);
    bool ran = false;
    timers.after(1h, [&] { ran = true; });
    std::jthread worker([&] { timers.stop(); });
    timers.run();
    check(!ran, "an hour has not passed");
  });
}

// What a loop needs, in memory that can be given back.
struct Loop {
  FakePoller poller{FakeTime::kStands};
  FakeTimers timers{poller};
};

// Once run has returned the loop may be destroyed, though the call that ended it is still on
// its way out: that touches the poller no more.
STEP_TEST(4, Timers, AStoppedLoopMayBeDestroyed, "lifetime") {
  explore([] {
    auto loop = std::make_unique<Loop>();
    loop->timers.after(1h, [] {});
    std::jthread worker([&timers = loop->timers] { timers.stop(); });
    loop->timers.run();
    loop.reset();
  });
}

// The same where it was the start of a timer.
STEP_TEST(4, Timers, ALoopThatRanItsLastTimerMayBeDestroyed, "lifetime") {
  explore([] {
    auto loop = std::make_unique<Loop>();
    loop->timers.after(1h, [] {});
    std::jthread worker(
        [&timers = loop->timers] { timers.after(0ms, [&timers] { timers.stop(); }); });
    loop->timers.run();
    loop.reset();
  });
}

// Another thread cancels a timer that is just due: either cancel says that it did, or the
// handler runs, and never both.
STEP_TEST(4, Timers, CancelsOrRuns, "cancellation") {
  explore([] {
    FakePoller poller(FakeTime::kStands);
    FakeTimers timers(poller);
    bool ran = false;
    bool cancelled = false;
    const auto id = timers.after(0ms, [&] { ran = true; });
    {
      std::jthread worker([&] { cancelled = timers.cancel(id); });
      timers.run();
    }
    check(cancelled || ran, "it was not cancelled, and yet it did not run");
    check(!cancelled || !ran, "cancel said that it will not run, and it ran");
  });
}

}  // namespace
