// Programs that lose in some schedule, each in its own way, for the tests of pages to show.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "interleave/interleave.hpp"

namespace interleave {
namespace {

TEST(Loses, Deadlock) {
  explore([] {
    std::mutex left;
    std::mutex right;
    std::thread worker([&] {
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

TEST(Loses, WakeUp) {
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

TEST(Loses, FreshValue) {
  explore([] {
    std::atomic<int> letter{0};
    std::atomic<bool> flag{false};
    std::thread writer([&] {
      letter.store(1, std::memory_order_relaxed);
      flag.store(true, std::memory_order_relaxed);
    });
    if (flag.load(std::memory_order_relaxed)) {
      check(letter.load(std::memory_order_relaxed) == 1, "the letter is old");
    }
    writer.join();
  });
}

TEST(Loses, Lifetime) {
  explore([] {
    auto* value = new std::atomic<int>(1);
    std::thread reader([=] { value->load(); });
    delete value;
    reader.join();
  });
}

// It looks again and again under its lock: one round of that says all, and is all that is kept.
TEST(Loses, Patience) {
  explore([] {
    std::mutex mutex;
    std::atomic<bool> ready{false};
    std::thread worker([&] {
      while (true) {
        const std::lock_guard lock(mutex);
        if (ready) return;
      }
    });
    worker.join();
  });
}

// A loop that has no end, and is too long to be kept: the middle of it is left out.
TEST(Loses, Count) {
  explore(
      [] {
        std::mutex outer;
        std::mutex inner;
        std::atomic<int> count{0};
        std::thread worker([&] {
          for (int round = 0; round < 1000; ++round) {
            const std::lock_guard lock(inner);
            ++count;
          }
          const std::lock_guard lock(outer);
          while (true) {
            const std::lock_guard again(inner);
            ++count;
          }
        });
        worker.join();
      },
      {.seconds = 2});
}

// As many threads as the explorer knows, and about 2,000 steps.
TEST(Loses, Crowd) {
  explore([] {
    constexpr int crowd = 63;
    constexpr int laps = 25;
    std::mutex mutex;
    std::vector<std::thread> workers;
    for (int i = 0; i < crowd; ++i) {
      workers.emplace_back([&] {
        for (int lap = 0; lap < laps; ++lap) const std::lock_guard lock(mutex);
      });
    }
    for (std::thread& worker : workers) worker.join();
    check(false, "there is always a last straw");
  });
}

}  // namespace
}  // namespace interleave
