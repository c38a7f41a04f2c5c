// Tests of the reference. Each opens with its property.
#include "parallel_workers.hpp"

#include <gtest/gtest.h>

#include <future>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "course/room_for_threads.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;

// Each future gives the result of its own job.
TEST(ParallelWorkers, ReturnEachResult) {
  explore([] {
    ParallelWorkers<int> workers(2);
    std::future<int> one = workers.submit([] { return 1; });
    std::future<int> two = workers.submit([] { return 2; });
    check(one.get() == 1, "the first future must give the first job's result");
    check(two.get() == 2, "the second future must give the second job's result");
  });
}

// A future throws what its job threw, and the worker continues with the next job.
TEST(ParallelWorkers, OutliveAThrowingJob) {
  explore([] {
    ParallelWorkers<int> workers(1);
    // Shared: see thrown_by in worker_pool_test.cpp.
    const std::shared_future<int> bad =
        workers.submit([]() -> int { throw std::runtime_error("no paper"); });
    std::future<int> good = workers.submit([] { return 7; });
    bool thrown = false;
    try {
      bad.get();
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    check(thrown, "the future must throw what the job threw");
    check(good.get() == 7, "the job after the one that threw must run");
  });
}

// The destructor runs what is queued before it returns.
TEST(ParallelWorkers, FinishQueuedJobs) {
  explore([] {
    int ended = 0;
    std::vector<std::future<int>> results;
    {
      ParallelWorkers<int> workers(1);
      results.push_back(workers.submit([&] { return ++ended; }));
      results.push_back(workers.submit([&] { return ++ended; }));
    }
    check(ended == 2, "a job that was queued at the end did not run");
  });
}

// A worker sees all that the leader wrote before it submitted the job.
TEST(ParallelWorkers, SeeWhatTheLeaderWrote) {
  explore([] {
    int written = 0;
    ParallelWorkers<int> workers(1);
    written = 7;
    check(workers.submit([&] { return written; }).get() == 7,
          "the job must see what was written before submit");
  });
}

// If a thread cannot be started, the constructor ends those that were, and throws.
TEST(ParallelWorkers, EndIfOneCannotBeStarted) {
  if (!course::RoomForFewThreads::can_be_tested) GTEST_SKIP() << "not in this build";
  const course::RoomForFewThreads room;
  EXPECT_THROW(ParallelWorkers<int>(64), std::system_error);
}

}  // namespace
