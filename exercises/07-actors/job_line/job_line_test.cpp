// Tests of exercise 7.3. Each opens with its property; `explore` looks for the schedule that
// breaks it.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <job_line.hpp>  // in <>, so that the include path decides whose it is
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "course/step_test.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;

// Jobs of one type, because every type is another line for the compiler. Can be moved, and not
// copied.
struct Order {
  int number = 0;
  std::string done_by = {};
  std::unique_ptr<int> owned = {};
};

using Line = JobLine<Order>;

Order order(int number) { return {number, {}, std::make_unique<int>(number)}; }

// A part that signs the job with `name`.
Line::Part sign(char name) {
  return [name](Order& job) { job.done_by += name; };
}

// What came out: number and signatures, "1ab 2ab". Written by the last actor; read when the
// line has ended.
Line::Done into(std::string& out) {
  return [&out](Order job, const std::exception_ptr& error) {
    check(job.owned && *job.owned == job.number, "a job must keep what it owns");
    out += (out.empty() ? "" : " ") + std::to_string(job.number) + job.done_by;
    if (error) out += "!";
  };
}

// --- Step 1: every job comes out, done by every part, in order --------------------------------

// Two parts do their work on each job, in their order; jobs keep theirs.
STEP_TEST(1, JobLine, EveryPartIsDoneInOrder, "job order") {
  explore([] {
    std::string out;
    {
      Line line({sign('a'), sign('b')}, 2, into(out));
      line.submit(order(1));
      line.submit(order(2));
    }
    check(out == "1ab 2ab", "came out: " + out);
  });
}

// A line of one part is a line.
STEP_TEST(1, JobLine, MayHaveOnePart, "job order") {
  explore([] {
    std::string out;
    {
      Line line({sign('a')}, 2, into(out));
      line.submit(order(1));
      line.submit(order(2));
    }
    check(out == "1a 2a", "came out: " + out);
  });
}

// A line through which nothing went ends too.
STEP_TEST(1, JobLine, MayEndUnused, "shutdown") {
  explore([] {
    std::string out;
    { const Line line({sign('a'), sign('b')}, 1, into(out)); }
    check(out.empty(), "came out: " + out);
  });
}

// Parts are done on threads of their own, at the same time: here one waits for the other.
STEP_TEST(1, JobLine, PartsRunAtTheSameTime, "parallelism") {
  explore([] {
    std::latch second_job_begun(1);
    std::string out;
    {
      Line line({[&](Order& job) {
                   if (job.number == 2) second_job_begun.count_down();
                 },
                 [&](Order& job) {
                   if (job.number == 1) second_job_begun.wait();
                 }},
                2, into(out));
      line.submit(order(1));
      line.submit(order(2));
    }
    check(out == "1 2", "came out: " + out);
  });
}

// A line of three parts ends: each actor is there as long as another may write to it.
STEP_TEST(1, JobLine, ActorsOutliveTheirNeighbours, "lifetime") {
  explore([] {
    std::string out;
    {
      Line line({sign('a'), sign('b'), sign('c')}, 1, into(out));
      line.submit(order(1));
    }
    check(out == "1abc", "came out: " + out);
  });
}

// The line ends after the last job has come out, however slow the last part is.
STEP_TEST(1, JobLine, EndsWhenEveryJobIsOut, "shutdown") {
  explore([] {
    std::string out;
    std::latch owner_waits(1);
    std::jthread waker([&] { owner_waits.count_down(); });
    {
      Line line({sign('a'), [&](Order&) { owner_waits.wait(); }}, 1, into(out));
      line.submit(order(1));
    }
    check(out == "1a", "came out before the line ended: " + out);
  });
}

// --- Step 2: a job that fails takes nothing else with it --------------------------------------

// What a part throws, of whatever type, comes out with the job; the parts after it leave the
// job alone; no job overtakes another.
STEP_TEST(2, JobLine, AFailedJobComesOutInItsPlace, "exception safety") {
  explore([] {
    std::string out;
    {
      Line line({[](Order& job) {
                   if (job.number == 2) throw 2;
                   job.done_by += 'a';
                 },
                 [](Order& job) {
                   if (job.number == 3) throw std::runtime_error("three");
                   job.done_by += 'b';
                 }},
                3, into(out));
      for (int number = 1; number <= 3; ++number) line.submit(order(number));
    }
    check(out == "1ab 2! 3a!", "came out: " + out);
  });
}

// The error that comes out is the one that was thrown, from whichever part.
STEP_TEST(2, JobLine, TheErrorIsTheOneThatWasThrown, "exception safety") {
  explore([] {
    int thrown = 0;
    {
      Line line({[](Order&) { throw 7; }, sign('b')}, 1,
                [&](const Order&, const std::exception_ptr& error) {
                  try {
                    if (error) std::rethrow_exception(error);
                  } catch (int number) {
                    thrown = number;
                  }
                });
      line.submit(order(1));
    }
    check(thrown == 7, "the error must be what the part threw");
  });
}

// A failed job gives its credit back: with one credit each, many may fail in either part.
STEP_TEST(2, JobLine, AFailedJobGivesItsCreditBack, "credit") {
  explore([] {
    std::string out;
    {
      Line line({[](Order& job) {
                   if (job.number % 2 == 1) throw job.number;
                 },
                 [](Order&) { throw 0; }},
                1, into(out));
      for (int number = 1; number <= 4; ++number) line.submit(order(number));
    }
    check(out == "1! 2! 3! 4!", "came out: " + out);
  });
}

// Failures are counted, and may be asked for at any time.
STEP_TEST(2, JobLine, CountsFailures, "exception safety") {
  explore([] {
    std::latch third_is_out(1);
    Line line({[](Order& job) {
                if (job.number != 2) throw job.number;
              }},
              1, [&](const Order& job, const std::exception_ptr&) {
                if (job.number == 3) third_is_out.count_down();
              });
    line.submit(order(1));
    check(line.failures() <= 1, "one job was submitted");
    line.submit(order(2));
    line.submit(order(3));
    third_is_out.wait();
    check(line.failures() == 2, "two of three jobs failed");
  });
}

// Also where two parts fail at the same moment: neither failure is lost.
STEP_TEST(2, JobLine, CountsTheFailuresOfEveryPart, "lost update") {
  interleave::Options options;
  options.schedules = 2'000;
  const auto body = [] {
    std::latch both_are_out(2);
    Line line(
        {[](const Order& job) {
           if (job.number == 2) throw job.number;
         },
         [](const Order& job) {
           if (job.number == 1) throw job.number;
         }},
        2, [&](const Order&, const std::exception_ptr&) { both_are_out.count_down(); });
    line.submit(order(1));
    line.submit(order(2));
    both_are_out.wait();
    check(line.failures() == 2, "each of two parts failed one job, and failures() is " +
                                    std::to_string(line.failures()));
  };
  explore(body, options);
}

// --- Step 3: no actor holds more jobs than it has credits for ----------------------------------

// How many jobs are inside: counted by a leader after its submit, and where they come out.
struct Inside {
  std::atomic<int> submitted = 0;
  std::atomic<int> out = 0;
  std::atomic<int> most = 0;

  void look() {
    const int now = submitted - out;
    if (now > most) most = now;
  }
};

// A leader that submits many jobs to a line whose last part is slow waits for it.
STEP_TEST(3, JobLine, HoldsNoMoreThanItsCredits, "credit") {
  explore([] {
    constexpr int kCredits = 1;
    constexpr int kParts = 2;
    Inside inside;
    {
      Line line({[](Order&) {},
                 [&](Order&) {
                   std::this_thread::yield();
                   inside.look();
                 }},
                kCredits, [&](const Order&, const std::exception_ptr&) { ++inside.out; });
      for (int number = 1; number <= 4; ++number) {
        line.submit(order(number));
        ++inside.submitted;
        inside.look();
      }
    }
    check(inside.most <= kParts * kCredits,
          "two actors of one credit each held " + std::to_string(inside.most) + " jobs");
  });
}

// The high-water mark, with a part that stands still until the leader has done all it can.
STEP_TEST(3, JobLine, ALeaderWaitsForRoom, "credit") {
  constexpr int kCredits = 3;
  std::latch go(1);
  std::atomic<int> submitted = 0;
  std::atomic<int> out = 0;
  std::atomic<int> most = 0;
  {
    Line line({[&](Order&) { go.wait(); }}, kCredits,
              [&](const Order&, const std::exception_ptr&) {
                most = std::max(most.load(), submitted - out);
                ++out;
              });
    std::jthread leader([&] {
      for (int number = 1; number <= 20; ++number) {
        line.submit(order(number));
        ++submitted;
      }
    });
    while (submitted < kCredits) std::this_thread::yield();
    // Time for a leader that does not wait to be far ahead.
    for (int i = 0; i < 1000; ++i) std::this_thread::yield();
    EXPECT_EQ(submitted, kCredits) << "jobs submitted while the only part stood still";
    go.count_down();
  }
  EXPECT_EQ(out, 20) << "and all must come out in the end";
  EXPECT_LE(most, kCredits) << "jobs inside at the same time";
}

// Every credit can be used: each of two actors holds as many jobs as it may.
STEP_TEST(3, JobLine, EveryCreditCanBeUsed, "credit") {
  explore([] {
    constexpr int kCredits = 2;
    std::latch all_submitted(1);
    std::string out;
    {
      Line line({sign('a'), [&](Order&) { all_submitted.wait(); }}, kCredits, into(out));
      for (int number = 1; number <= 2 * kCredits; ++number) line.submit(order(number));
      all_submitted.count_down();
    }
    check(!out.empty(), "no job came out");
  });
}

// Jobs that wait in an actor, for a credit or for their turn, keep their order.
STEP_TEST(3, JobLine, JobsThatWaitKeepTheirOrder, "job order") {
  explore([] {
    std::latch all_submitted(1);
    std::string out;
    {
      Line line({sign('a'), [&](Order&) { all_submitted.wait(); }}, 2, into(out));
      for (int number = 1; number <= 4; ++number) line.submit(order(number));
      all_submitted.count_down();
    }
    check(out == "1a 2a 3a 4a", "came out: " + out);
  });
}

// Two leaders wait for room: both are let in, one after the other.
STEP_TEST(3, JobLine, TwoLeadersTakeTurns, "check then act") {
  explore([] {
    Inside inside;
    {
      Line line({[&](Order&) { inside.look(); }}, 1,
                [&](const Order&, const std::exception_ptr&) { ++inside.out; });
      const auto submit = [&](int number) {
        line.submit(order(number));
        ++inside.submitted;
        inside.look();
      };
      std::jthread leader([&] { submit(1); });
      submit(2);
      submit(3);
    }
    check(inside.out == 3, "every job must come out");
    check(inside.most <= 1, "an actor of one credit held more than one job");
  });
}

// A leader that waits for room sleeps.
STEP_TEST(3, JobLine, CostOfWaitingForRoom) {
  explore([] {
    std::latch go(1);
    Line line({[&](Order&) { go.wait(); }}, 1,
              [](const Order&, const std::exception_ptr&) {});
    line.submit(order(1));
    std::jthread waker([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      go.count_down();
    });
    Order second = order(2);
    const interleave::Cost cost("submit");
    line.submit(std::move(second));
  });
}

}  // namespace
