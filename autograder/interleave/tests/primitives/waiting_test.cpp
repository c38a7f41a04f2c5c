// Property: a thread that waits in these programs is woken, whatever the schedule, and
// continues only when what it waited for has happened.
#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <latch>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <thread>

#include "clean.hpp"

namespace interleave {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

// One thread sets `ready` under a lock and notifies; `wait(condition, lock, ready)` waits.
template <typename Condition, typename Mutex, typename Wait>
void one_waits(Wait wait) {
  expect_clean([wait] {
    Mutex mutex;
    Condition condition;
    bool ready = false;
    std::jthread worker([&] {
      {
        const std::lock_guard lock(mutex);
        ready = true;
      }
      condition.notify_one();
    });
    std::unique_lock lock(mutex);
    wait(condition, lock, ready);
  });
}

TEST(Waiting, ConditionVariable) {
  one_waits<std::condition_variable, std::mutex>(
      [](auto& condition, auto& lock, bool& ready) {
        condition.wait(lock, [&] { return ready; });
        check(ready);
      });
}

TEST(Waiting, ConditionVariableForATime) {
  one_waits<std::condition_variable, std::mutex>([](auto& condition, auto& lock,
                                                    bool& ready) {
    const bool came = condition.wait_for(lock, milliseconds(5), [&] { return ready; });
    check(came == ready);
  });
}

TEST(Waiting, ConditionVariableUntilAPointInTime) {
  one_waits<std::condition_variable, std::mutex>(
      [](auto& condition, auto& lock, bool& ready) {
        const auto deadline = steady_clock::now() + milliseconds(5);
        while (!ready) {
          if (condition.wait_until(lock, deadline) == std::cv_status::timeout) break;
        }
        check(ready || steady_clock::now() >= deadline);
      });
}

TEST(Waiting, ConditionVariableUntilASystemTime) {
  one_waits<std::condition_variable, std::mutex>(
      [](auto& condition, auto& lock, bool& ready) {
        const auto deadline = system_clock::now() + milliseconds(5);
        const bool came = condition.wait_until(lock, deadline, [&] { return ready; });
        check(came == ready);
      });
}

TEST(Waiting, ConditionVariableAnyWithASharedMutex) {
  expect_clean([] {
    std::shared_mutex mutex;
    std::condition_variable_any condition;
    bool ready = false;
    std::jthread worker([&] {
      {
        const std::lock_guard lock(mutex);
        ready = true;
      }
      condition.notify_all();
    });
    std::shared_lock lock(mutex);
    condition.wait(lock, [&] { return ready; });
    check(ready);
  });
}

TEST(Waiting, ConditionVariableAnyForATime) {
  one_waits<std::condition_variable_any, std::mutex>([](auto& condition, auto& lock,
                                                        bool& ready) {
    const bool came = condition.wait_for(lock, milliseconds(5), [&] { return ready; });
    check(came == ready);
  });
}

TEST(Waiting, ConditionVariableAnyWithAStopToken) {
  expect_clean([] {
    std::mutex mutex;
    std::condition_variable_any condition;
    bool work = false;
    std::jthread worker([&](const std::stop_token& stop) {
      std::unique_lock lock(mutex);
      const bool came = condition.wait(lock, stop, [&] { return work; });
      check(!came && stop.stop_requested());
    });
    worker.request_stop();
  });
}

TEST(Waiting, ConditionVariableAnyWithAStopTokenAndATime) {
  expect_clean([] {
    std::mutex mutex;
    std::condition_variable_any condition;
    std::jthread worker([&](const std::stop_token& stop) {
      std::unique_lock lock(mutex);
      const auto deadline = steady_clock::now() + milliseconds(5);
      const bool came = condition.wait_until(lock, stop, deadline, [] { return false; });
      check(!came && (stop.stop_requested() || steady_clock::now() >= deadline));
    });
    worker.request_stop();
  });
}

TEST(Waiting, ConditionVariableThatIsNeverNotifiedUntilADate) {
  expect_clean([] {
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    const auto date = system_clock::now() + std::chrono::hours(1);
    while (never.wait_until(lock, date) == std::cv_status::no_timeout) {
    }
    check(system_clock::now() >= date);
  });
}

TEST(Waiting, NotifyAllWakesEveryThread) {
  expect_clean([] {
    std::mutex mutex;
    std::condition_variable condition;
    bool ready = false;
    int awake = 0;
    const auto wait = [&] {
      std::unique_lock lock(mutex);
      condition.wait(lock, [&] { return ready; });
      ++awake;
    };
    {
      std::jthread first(wait);
      std::jthread second(wait);
      const std::lock_guard lock(mutex);
      ready = true;
      condition.notify_all();
    }
    check(awake == 2);
  });
}

TEST(Waiting, NotifyAllAtThreadExit) {
  expect_clean([] {
    std::mutex mutex;
    std::condition_variable condition;
    bool ready = false;
    std::jthread worker([&] {
      std::unique_lock lock(mutex);
      ready = true;
      std::notify_all_at_thread_exit(condition, std::move(lock));
    });
    std::unique_lock lock(mutex);
    condition.wait(lock, [&] { return ready; });
  });
}

TEST(Waiting, Latch) {
  expect_clean([] {
    std::latch started(2);
    int first = 0;
    int second = 0;
    std::jthread one([&] {
      first = 1;
      started.count_down();
    });
    std::jthread two([&] {
      second = 1;
      started.arrive_and_wait();
      check(first == 1);
    });
    started.wait();
    check(started.try_wait(), "what is open stays open");
    check(first == 1 && second == 1);
  });
}

TEST(Waiting, Barrier) {
  expect_clean([] {
    int phases = 0;
    std::barrier barrier(2, [&phases]() noexcept { ++phases; });
    int first = 0;
    int second = 0;
    {
      std::jthread worker([&] {
        first = 1;
        barrier.arrive_and_wait();
        check(second == 1 && phases == 1);
        barrier.arrive_and_wait();
      });
      second = 1;
      barrier.arrive_and_wait();
      check(first == 1 && phases == 1);
      barrier.arrive_and_wait();
    }
    check(phases == 2);
  });
}

TEST(Waiting, BarrierThatAThreadLeaves) {
  expect_clean([] {
    std::barrier barrier(2);
    int left = 0;
    std::jthread worker([&] {
      left = 1;
      barrier.arrive_and_drop();
    });
    barrier.arrive_and_wait();
    check(left == 1);
    barrier.arrive_and_wait();
  });
}

TEST(Waiting, BinarySemaphore) {
  expect_clean([] {
    std::binary_semaphore full(0);
    std::binary_semaphore empty(1);
    int slot = 0;
    std::jthread producer([&] {
      for (int value = 1; value <= 2; ++value) {
        empty.acquire();
        slot = value;
        full.release();
      }
    });
    for (int value = 1; value <= 2; ++value) {
      full.acquire();
      check(slot == value);
      empty.release();
    }
  });
}

TEST(Waiting, CountingSemaphore) {
  expect_clean([] {
    std::counting_semaphore<4> items(0);
    int made = 0;
    std::jthread producer([&] {
      made = 3;
      items.release(2);
      items.release();
    });
    for (int item = 0; item < 3; ++item) items.acquire();
    check(made == 3 && !items.try_acquire());
  });
}

TEST(Waiting, CountingSemaphoreLetsInSoMany) {
  expect_clean([] {
    std::counting_semaphore<2> places(2);
    std::atomic<int> inside{0};
    const auto visit = [&] {
      places.acquire();
      check(inside.fetch_add(1) < 2, "no more than two at a time");
      inside.fetch_sub(1);
      places.release();
    };
    std::jthread first(visit);
    std::jthread second(visit);
    visit();
  });
}

TEST(Waiting, SemaphoreForATime) {
  expect_clean([] {
    std::counting_semaphore<4> items(0);
    int value = 0;
    std::jthread producer([&] {
      value = 7;
      items.release(2);
    });
    if (items.try_acquire_for(milliseconds(5))) check(value == 7);
    if (items.try_acquire()) check(value == 7);
    if (items.try_acquire_until(steady_clock::now() + milliseconds(5))) check(value == 7);
  });
}

}  // namespace
}  // namespace interleave
