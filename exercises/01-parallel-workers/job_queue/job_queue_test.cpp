// Tests of exercise 1.1. Each opens with its property; where it is about several threads,
// `explore` looks for the schedule that breaks it.
#include <chrono>
#include <job_queue.hpp>  // in <>, so that the include path decides whose it is
#include <memory>
#include <optional>
#include <thread>

#include "course/step_test.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;

// Jobs leave in the order in which they came.
STEP_TEST(1, JobQueue, ComesOutInOrder, "job order") {
  explore([] {
    JobQueue<int> queue(3);
    check(queue.push(1) && queue.push(2) && queue.push(3),
          "push on an open queue is true");
    check(queue.pop() == 1, "the first job pushed must be the first popped");
    check(queue.push(4), "after a pop there is room again");
    check(queue.pop() == 2, "the second job pushed must be the second popped");
    check(queue.pop() == 3, "the third job pushed must be the third popped");
    check(queue.pop() == 4, "the fourth job pushed must be the fourth popped");
  });
}

// A job is moved through the queue, never copied.
STEP_TEST(1, JobQueue, MovesJobs, "job order") {
  explore([] {
    JobQueue<std::unique_ptr<int>> queue(1);
    check(queue.push(std::make_unique<int>(7)), "push on an open queue is true");
    const std::optional<std::unique_ptr<int>> job = queue.pop();
    check(job && *job && **job == 7, "the job popped must own what was pushed");
  });
}

// A worker that comes to an empty queue gets the job that is pushed later, and sees all
// that the leader wrote before.
STEP_TEST(3, JobQueue, PopWaitsForAJob, "lost wake-up") {
  explore([] {
    JobQueue<int*> queue(1);
    int written = 0;
    std::jthread worker([&] {
      const std::optional<int*> job = queue.pop();
      check(job.has_value(), "pop gave nothing, though the queue was not closed");
      check(job && **job == 7,
            "the worker must see what the leader wrote before its push");
    });
    written = 7;
    queue.push(&written);
  });
}

// A leader that comes to a full queue waits, and its job arrives after those before it.
STEP_TEST(4, JobQueue, PushWaitsForRoom, "backpressure") {
  explore([] {
    JobQueue<int> queue(1);
    std::jthread leader([&] {
      queue.push(1);
      queue.push(2);
    });
    check(queue.pop() == 1, "the first job pushed must be the first popped");
    check(queue.pop() == 2, "the job that waited for room must arrive");
  });
}

// At no moment are more than `capacity` jobs queued.
STEP_TEST(4, JobQueue, HoldsAtMostItsCapacity, "backpressure") {
  explore([] {
    JobQueue<int> queue(1);
    std::jthread leader([&] {
      for (int job = 1; job <= 3; ++job) queue.push(job);
    });
    for (int job = 1; job <= 3; ++job) {
      check(queue.size() <= 1, "a queue of capacity 1 holds more than one job");
      check(queue.pop() == job, "jobs must arrive in order");
    }
  });
}

// Two workers and two jobs: each worker gets one of them, whichever is first.
STEP_TEST(1, JobQueue, EachJobIsPoppedOnce, "check then act") {
  explore([] {
    JobQueue<int> queue(2);
    int first = 0;
    int second = 0;
    {
      std::jthread worker1([&] { first = queue.pop().value_or(0); });
      std::jthread worker2([&] { second = queue.pop().value_or(0); });
      queue.push(1);
      queue.push(2);
    }
    check(first != 0 && second != 0, "pop gave nothing, though the queue was not closed");
    check(first + second == 3, "the two workers must get both jobs, one each");
  });
}

// Two leaders and room for one job: both jobs arrive, and never more than one is queued.
STEP_TEST(4, JobQueue, LeadersTakeTurnsForRoom, "check then act") {
  explore([] {
    JobQueue<int> queue(1);
    std::jthread leader1([&] { queue.push(1); });
    std::jthread leader2([&] { queue.push(2); });
    const int first = queue.pop().value_or(0);
    check(queue.size() <= 1, "a queue of capacity 1 holds more than one job");
    const int second = queue.pop().value_or(0);
    check(first + second == 3, "each leader's job must arrive once");
  });
}

// Two leaders wait for room and two pops make it: both continue, though the queue was full
// before the first pop only.
STEP_TEST(3, JobQueue, EveryPopLetsALeaderIn, "lost wake-up") {
  explore([] {
    JobQueue<int> queue(2);
    queue.push(1);
    queue.push(2);
    std::jthread leader1([&] { queue.push(3); });
    std::jthread leader2([&] { queue.push(4); });
    check(queue.pop() == 1, "the first job pushed must be the first popped");
    check(queue.pop() == 2, "the second job pushed must be the second popped");
  });
}

// A worker that waits sleeps: one lock to look, one when it is woken, nothing repeated.
STEP_TEST(3, JobQueue, CostOfAHandOver, "busy waiting") {
  explore([] {
    JobQueue<int> queue(1);
    std::jthread leader([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      queue.push(1);
    });
    const interleave::Cost cost("hand-over");
    check(queue.pop() == 1, "the job must arrive");
  });
}

// A leader that waits for room sleeps too, and is woken once, by the pop that makes room.
STEP_TEST(3, JobQueue, CostOfWaitingForRoom, "busy waiting") {
  explore([] {
    JobQueue<int> queue(1);
    queue.push(1);
    std::jthread worker([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      check(queue.pop() == 1, "the first job pushed must be the first popped");
    });
    const interleave::Cost cost("wait for room");
    check(queue.push(2), "push on an open queue is true");
  });
}

// One job wakes one worker: of two that wait, neither is woken for the other's job.
STEP_TEST(3, JobQueue, OneJobWakesOneWorker, "contention") {
  explore([] {
    JobQueue<int> queue(1);
    const auto pop_one = [&] {
      const interleave::Cost cost("pop beside another worker");
      check(queue.pop().has_value(), "pop gave nothing, though the queue was not closed");
    };
    std::jthread worker1(pop_one);
    std::jthread worker2(pop_one);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    queue.push(1);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    queue.push(2);
  });
}

// One pop lets in one leader: of two that wait, neither is woken for the other's room.
STEP_TEST(3, JobQueue, OnePopWakesOneLeader, "contention") {
  explore([] {
    JobQueue<int> queue(1);
    queue.push(0);
    const auto push_one = [&] {
      const interleave::Cost cost("push beside another leader");
      check(queue.push(1), "push on an open queue is true");
    };
    std::jthread leader1(push_one);
    std::jthread leader2(push_one);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    check(queue.pop().has_value(), "a job was pushed");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    check(queue.pop().has_value(), "a second job waited for room");
  });
}

// Lets `sleeper` fall asleep and then calls `wake`: it must be woken by that, and not by a
// clock. Only the explorer's clock can tell: it stands still while a thread can run, but for
// some nanoseconds at each look at it.
void wakes_at_once(std::jthread sleeper, auto wake) {
  std::this_thread::sleep_for(std::chrono::microseconds(1));
  const auto woken = std::chrono::steady_clock::now();
  wake();
  sleeper.join();
  const auto later = std::chrono::steady_clock::now() - woken;
  check(!interleave::explores_schedules() || later < std::chrono::microseconds(10),
        "a thread slept on after it could proceed, until a time-out woke it");
}

// A worker is woken by the push itself, not by a look at the queue now and then.
STEP_TEST(3, JobQueue, APushIsFeltAtOnce, "lost wake-up") {
  explore([] {
    JobQueue<int> queue(1);
    wakes_at_once(std::jthread([&] { check(queue.pop() == 1, "the job must arrive"); }),
                  [&] { queue.push(1); });
  });
}

// A leader is woken by the pop itself.
STEP_TEST(3, JobQueue, APopIsFeltAtOnce, "lost wake-up") {
  explore([] {
    JobQueue<int> queue(1);
    queue.push(1);
    wakes_at_once(std::jthread([&] { check(queue.push(2), "the queue is open"); }),
                  [&] { check(queue.pop() == 1, "the first job must arrive first"); });
  });
}

// A thread that waits is woken by the close itself.
STEP_TEST(3, JobQueue, ACloseIsFeltAtOnce, "lost wake-up") {
  explore([] {
    JobQueue<int> queue(1);
    wakes_at_once(std::jthread([&] { check(!queue.pop(), "no job was ever pushed"); }),
                  [&] { queue.close(); });
  });
  explore([] {
    JobQueue<int> queue(1);
    queue.push(1);
    wakes_at_once(std::jthread([&] { check(!queue.push(2), "it was closed"); }),
                  [&] { queue.close(); });
  });
}

// What was queued before close can still be popped; then pop gives nothing, again and
// again.
STEP_TEST(2, JobQueue, CloseKeepsQueuedJobs, "shutdown") {
  explore([] {
    JobQueue<int> queue(2);
    queue.push(1);
    queue.push(2);
    queue.close();
    check(queue.pop() == 1, "a job queued before close must still be popped");
    check(queue.pop() == 2, "a job queued before close must still be popped");
    check(queue.pop() == std::nullopt, "closed and empty: pop must give nothing");
    check(queue.pop() == std::nullopt, "and again nothing");
  });
}

// A closed queue takes no job; closing it again changes nothing.
STEP_TEST(2, JobQueue, ClosedQueueRefusesJobs, "shutdown") {
  explore([] {
    JobQueue<int> queue(1);
    queue.close();
    queue.close();
    check(!queue.push(1), "push on a closed queue must return false");
    check(queue.size() == 0, "a refused job must not be queued");
    check(queue.pop() == std::nullopt, "closed and empty: pop must give nothing");
  });
}

// Every worker that waits for a job learns that none will come.
STEP_TEST(2, JobQueue, CloseWakesEveryWorker, "lost wake-up") {
  explore([] {
    JobQueue<int> queue(1);
    std::jthread worker1([&] { check(!queue.pop(), "no job was ever pushed"); });
    std::jthread worker2([&] { check(!queue.pop(), "no job was ever pushed"); });
    queue.close();
  });
}

// Every leader that waits for room continues when the queue is closed.
STEP_TEST(2, JobQueue, CloseWakesEveryLeader, "lost wake-up") {
  explore([] {
    JobQueue<int> queue(1);
    queue.push(1);
    std::jthread leader1([&] { queue.push(2); });
    std::jthread leader2([&] { queue.push(3); });
    queue.close();
  });
}

// A leader whose queue is closed while it waits for room learns that its job is refused.
STEP_TEST(2, JobQueue, CloseRefusesTheJobThatWaits, "shutdown") {
  explore([] {
    JobQueue<int> queue(1);
    queue.push(1);
    std::jthread leader(
        [&] { check(!queue.push(2), "closed while it waited for room"); });
    queue.close();
  });
}

// A leader pushes its jobs and closes; the worker gets each of them before it gets
// nothing.
STEP_TEST(2, JobQueue, NothingIsLostWhenClosed, "shutdown") {
  explore([] {
    JobQueue<int> queue(1);
    std::jthread leader([&] {
      queue.push(1);
      queue.push(2);
      queue.close();
    });
    check(queue.pop() == 1, "the first job must arrive");
    check(queue.pop() == 2, "the second job must arrive, though the queue may be closed");
    check(queue.pop() == std::nullopt, "closed and empty: pop must give nothing");
  });
}

}  // namespace
