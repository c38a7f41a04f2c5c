// Programs that lose in some schedules. replay_test runs this file as three programs: as it
// is, from a copy in another directory, and with CHANGED, as a student changes it.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "interleave/interleave.hpp"

#ifndef CHANGED
#define CHANGED 0
#endif

namespace interleave {
namespace {

// Fixed by the change: both additions count.
TEST(Lost, Addition) {
  explore([] {
    std::atomic<int> sum{0};
    const auto add = [&] {
#if CHANGED
      ++sum;
#else
      sum = sum + 1;
#endif
    };
    std::thread first(add);
    std::thread second(add);
    first.join();
    second.join();
    check(sum == 2, "an addition was lost");
  });
}

// Still wrong after the change, but it takes a step more.
TEST(Lost, Order) {
  explore([] {
    std::atomic<int> begun{0};
    std::mutex left;
    std::mutex right;
    std::thread worker([&] {
      if (CHANGED != 0) ++begun;
      const std::lock_guard first(left);
      const std::lock_guard second(right);
    });
    {
      const std::lock_guard first(right);
      const std::lock_guard second(left);
    }
    worker.join();
  });
}

TEST(Lost, WakeUp) {
  explore(
      [] {
        std::mutex mutex;
        std::condition_variable changed;
        std::atomic<bool> ready{false};
        std::thread worker([&] {
          ready = true;
          changed.notify_one();
        });
        {
          std::unique_lock lock(mutex);
          if (!ready) changed.wait(lock);
        }
        worker.join();
      },
      {.spurious = false});
}

// The second exploration of its test; the change takes it away.
TEST(Lost, Race) {
  explore([] {});
  if (CHANGED != 0) return;
  explore([] {
    static int shared = 0;
    std::thread worker([] { shared = 1; });
    shared = 2;
    worker.join();
    check(shared > 0);
  });
}

}  // namespace
}  // namespace interleave
