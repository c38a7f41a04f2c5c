// Property: a correct program stays clean, whichever schedule, for every way in which C++20 threads wait for each other.
//
// Each body checks its own result, so that a primitive that let two threads in, or lost a value, would be seen.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "interleave/interleave.hpp"

namespace {

using namespace std::chrono_literals;
using interleave::check;

// Whatever the portfolio finds to do, and then 10,000 random schedules.
void stays_clean(const std::function<void()>& body) {
  for (const char* strategy : {"portfolio", "sticky20"}) {
    const interleave::Result result =
        interleave::find_failure(body, {.seconds = 120, .strategy = strategy});
    EXPECT_EQ(result.kind, "clean") << result.picture;
    EXPECT_TRUE(result.schedules == 10'000 || result.exhaustive) << result.coverage;
  }
}

// Two threads add under `lock`; nothing may be lost.
template <typename Mutex>
void adds_under(Mutex& mutex) {
  int sum = 0;
  const auto add = [&] {
    const std::lock_guard<Mutex> lock(mutex);
    ++sum;
  };
  std::thread worker(add);
  add();
  worker.join();
  check(sum == 2, "both additions count");
}

TEST(Primitives, Mutex) {
  stays_clean([] {
    std::mutex mutex;
    adds_under(mutex);
  });
}

TEST(Primitives, RecursiveMutex) {
  stays_clean([] {
    std::recursive_mutex mutex;
    const std::lock_guard outer(mutex);
    int depth = 0;
    {
      const std::lock_guard inner(mutex);
      ++depth;
    }
    std::thread worker([&] { check(!mutex.try_lock(), "it is held"); });
    worker.join();
    check(depth == 1);
  });
}

TEST(Primitives, RecursiveMutexBetweenThreads) {
  stays_clean([] {
    std::recursive_mutex mutex;
    adds_under(mutex);
  });
}

TEST(Primitives, TimedMutex) {
  stays_clean([] {
    std::timed_mutex mutex;
    int sum = 0;
    std::thread worker([&] {
      if (mutex.try_lock_for(1ms)) {
        ++sum;
        mutex.unlock();
      }
    });
    {
      const std::lock_guard lock(mutex);
      ++sum;
    }
    worker.join();
    check(sum == 1 || sum == 2);
  });
}

TEST(Primitives, RecursiveTimedMutex) {
  stays_clean([] {
    std::recursive_timed_mutex mutex;
    check(mutex.try_lock_until(std::chrono::system_clock::now() + 1s));
    check(mutex.try_lock());
    mutex.unlock();
    std::thread worker([&] { check(!mutex.try_lock_for(1ms), "it is held"); });
    worker.join();
    mutex.unlock();
  });
}

TEST(Primitives, TryLock) {
  stays_clean([] {
    std::mutex mutex;
    int sum = 0;
    const auto add = [&] {
      while (!mutex.try_lock()) std::this_thread::yield();
      ++sum;
      mutex.unlock();
    };
    std::thread worker(add);
    add();
    worker.join();
    check(sum == 2);
  });
}

TEST(Primitives, ScopedLockOfTwo) {
  stays_clean([] {
    std::mutex first;
    std::mutex second;
    int sum = 0;
    std::thread worker([&] {
      const std::scoped_lock both(first, second);
      ++sum;
    });
    {
      const std::scoped_lock both(second, first);
      ++sum;
    }
    worker.join();
    check(sum == 2);
  });
}

TEST(Primitives, SharedMutex) {
  stays_clean([] {
    std::shared_mutex mutex;
    int first = 0;
    int second = 0;
    const auto read = [&] {
      const std::shared_lock lock(mutex);
      check(first == second, "a reader sees both or neither");
    };
    std::thread reader(read);
    std::thread writer([&] {
      const std::unique_lock lock(mutex);
      ++first;
      ++second;
    });
    read();
    reader.join();
    writer.join();
  });
}

TEST(Primitives, SharedTimedMutex) {
  stays_clean([] {
    std::shared_timed_mutex mutex;
    int value = 0;
    std::thread reader([&] {
      if (mutex.try_lock_shared_for(1ms)) {
        check(value == 0 || value == 1);
        mutex.unlock_shared();
      }
    });
    if (mutex.try_lock_for(1ms)) {
      value = 1;
      mutex.unlock();
    }
    reader.join();
  });
}

TEST(Primitives, ConditionVariable) {
  stays_clean([] {
    std::mutex mutex;
    std::condition_variable changed;
    int turn = 0;
    std::thread worker([&] {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return turn == 1; });
      turn = 2;
      changed.notify_one();
    });
    std::unique_lock lock(mutex);
    turn = 1;
    changed.notify_one();
    changed.wait(lock, [&] { return turn == 2; });
    lock.unlock();
    worker.join();
  });
}

TEST(Primitives, ConditionVariableNotifiesAll) {
  stays_clean([] {
    std::mutex mutex;
    std::condition_variable opened;
    bool open = false;
    const auto pass = [&] {
      std::unique_lock lock(mutex);
      opened.wait(lock, [&] { return open; });
    };
    std::thread first(pass);
    std::thread second(pass);
    {
      const std::lock_guard lock(mutex);
      open = true;
    }
    opened.notify_all();
    first.join();
    second.join();
  });
}

TEST(Primitives, ConditionVariableWithTime) {
  stays_clean([] {
    std::mutex mutex;
    std::condition_variable changed;
    bool ready = false;
    std::thread worker([&] {
      const std::lock_guard lock(mutex);
      ready = true;
      changed.notify_one();
    });
    std::unique_lock lock(mutex);
    const auto start = std::chrono::steady_clock::now();
    const bool in_time = changed.wait_for(lock, 5ms, [&] { return ready; });
    check(in_time == ready);
    check(in_time || std::chrono::steady_clock::now() - start >= 5ms,
          "it waited long enough");
    lock.unlock();
    worker.join();
  });
}

TEST(Primitives, ConditionVariableUntilADate) {
  stays_clean([] {
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    const auto date = std::chrono::system_clock::now() + 1h;
    while (never.wait_until(lock, date) == std::cv_status::no_timeout) {
    }
    check(std::chrono::system_clock::now() >= date);
  });
}

TEST(Primitives, ConditionVariableAny) {
  stays_clean([] {
    std::shared_mutex mutex;
    std::condition_variable_any changed;
    bool ready = false;
    std::thread worker([&] {
      {
        const std::lock_guard lock(mutex);
        ready = true;
      }
      changed.notify_all();
    });
    {
      std::shared_lock lock(mutex);
      changed.wait(lock, [&] { return ready; });
    }
    worker.join();
  });
}

TEST(Primitives, StopToken) {
  stays_clean([] {
    std::mutex mutex;
    std::condition_variable_any never;
    std::jthread worker([&](std::stop_token stop) {
      std::unique_lock lock(mutex);
      check(!never.wait(lock, stop, [] { return false; }), "only a stop can end it");
      check(stop.stop_requested());
    });
  });
}

TEST(Primitives, StopCallback) {
  stays_clean([] {
    std::atomic<int> called{0};
    std::stop_source source;
    std::thread worker([&] { source.request_stop(); });
    {
      const std::stop_callback callback(source.get_token(), [&] { ++called; });
    }
    worker.join();
    check(called <= 1);
  });
}

TEST(Primitives, AtomicWait) {
  stays_clean([] {
    std::atomic<int> stage{0};
    std::thread worker([&] {
      stage.wait(0);
      stage.store(2);
      stage.notify_all();
    });
    stage.store(1);
    stage.notify_all();
    stage.wait(1);
    check(stage == 2);
    worker.join();
  });
}

TEST(Primitives, AtomicWaitOfEightBytes) {
  stays_clean([] {
    std::atomic<long> value{0};
    std::thread worker([&] {
      value = 7;
      value.notify_one();
    });
    value.wait(0);
    check(value == 7);
    worker.join();
  });
}

TEST(Primitives, AtomicFlag) {
  stays_clean([] {
    std::atomic_flag busy;
    int sum = 0;
    const auto add = [&] {
      while (busy.test_and_set(std::memory_order_acquire)) {
      }
      ++sum;
      busy.clear(std::memory_order_release);
    };
    std::thread worker(add);
    add();
    worker.join();
    check(sum == 2);
  });
}

TEST(Primitives, AtomicRef) {
  stays_clean([] {
    alignas(8) long plain = 0;
    std::thread worker([&] { std::atomic_ref(plain) += 2; });
    std::atomic_ref(plain) += 1;
    worker.join();
    check(plain == 3);
  });
}

struct Pair {
  std::uint64_t first;
  std::uint64_t second;
};

TEST(Primitives, AtomicOfSixteenBytes) {
  stays_clean([] {
    alignas(16) std::atomic<Pair> pair{Pair{0, 0}};
    const auto advance = [&] {
      Pair seen = pair.load();
      while (!pair.compare_exchange_weak(seen, {seen.first + 1, seen.second + 1})) {
      }
    };
    std::thread worker(advance);
    advance();
    worker.join();
    const Pair end = pair.load();
    check(end.first == 2 && end.second == 2, "both halves move together");
  });
}

TEST(Primitives, SharedPointer) {
  stays_clean([] {
    auto shared = std::make_shared<int>(1);
    std::thread worker([shared] { check(*shared == 1); });
    shared.reset();
    worker.join();
  });
}

TEST(Primitives, Latch) {
  stays_clean([] {
    std::latch done(2);
    int first = 0;
    int second = 0;
    std::thread a([&] {
      first = 1;
      done.count_down();
    });
    std::thread b([&] {
      second = 1;
      done.count_down();
    });
    done.wait();
    check(first + second == 2);
    a.join();
    b.join();
  });
}

TEST(Primitives, Barrier) {
  stays_clean([] {
    int completions = 0;
    std::array<int, 2> slots{};
    std::barrier barrier(2, [&]() noexcept { ++completions; });
    const auto work = [&](std::size_t own) {
      slots[own] = 1;
      barrier.arrive_and_wait();
      check(slots[0] == 1 && slots[1] == 1, "everybody arrived");
      barrier.arrive_and_wait();
    };
    std::thread worker(work, 1);
    work(0);
    worker.join();
    check(completions == 2);
  });
}

TEST(Primitives, CountingSemaphore) {
  stays_clean([] {
    std::counting_semaphore<2> tickets(1);
    int sum = 0;
    const auto add = [&] {
      tickets.acquire();
      ++sum;
      tickets.release();
    };
    std::thread worker(add);
    add();
    worker.join();
    check(sum == 2);
  });
}

TEST(Primitives, SemaphoreWithTime) {
  stays_clean([] {
    std::binary_semaphore ready(0);
    std::thread worker([&] { ready.release(); });
    const bool in_time = ready.try_acquire_for(1ms);
    worker.join();
    check(in_time || ready.try_acquire(), "the ticket is not lost");
  });
}

TEST(Primitives, PromiseAndFuture) {
  stays_clean([] {
    std::promise<int> promise;
    std::future<int> future = promise.get_future();
    std::thread worker([&] { promise.set_value(7); });
    check(future.get() == 7);
    worker.join();
  });
}

TEST(Primitives, FutureWithTime) {
  stays_clean([] {
    std::promise<int> promise;
    std::future<int> future = promise.get_future();
    std::thread worker([&] { promise.set_value(7); });
    if (future.wait_for(1ms) == std::future_status::ready) check(future.get() == 7);
    worker.join();
  });
}

TEST(Primitives, PackagedTask) {
  stays_clean([] {
    std::packaged_task<int(int)> twice([](int x) { return 2 * x; });
    std::future<int> future = twice.get_future();
    std::thread worker(std::move(twice), 21);
    check(future.get() == 42);
    worker.join();
  });
}

TEST(Primitives, ExceptionInAFuture) {
  stays_clean([] {
    auto future =
        std::async(std::launch::async, []() -> int { throw std::runtime_error("no"); });
    try {
      future.get();
      check(false, "get throws what the task threw");
    } catch (const std::runtime_error& error) {
      check(std::string(error.what()) == "no");
    }
  });
}

TEST(Primitives, Async) {
  stays_clean([] {
    auto first = std::async(std::launch::async, [] { return 1; });
    auto second = std::async(std::launch::deferred, [] { return 2; });
    check(first.get() + second.get() == 3);
  });
}

TEST(Primitives, SharedFuture) {
  stays_clean([] {
    std::promise<void> start;
    std::shared_future<void> started = start.get_future().share();
    std::thread first([started] { started.wait(); });
    std::thread second([started] { started.wait(); });
    start.set_value();
    first.join();
    second.join();
  });
}

TEST(Primitives, CallOnce) {
  stays_clean([] {
    std::once_flag once;
    int calls = 0;
    const auto call = [&] { std::call_once(once, [&] { ++calls; }); };
    std::thread worker(call);
    call();
    check(calls == 1);
    worker.join();
  });
}

TEST(Primitives, CallOnceAgainAfterAnException) {
  stays_clean([] {
    std::once_flag once;
    int attempts = 0;
    const auto call = [&] {
      try {
        std::call_once(once, [&] {
          if (++attempts == 1) throw std::runtime_error("not yet");
        });
      } catch (const std::runtime_error&) {
      }
    };
    std::thread worker(call);
    call();
    worker.join();
    call();
    check(attempts == 2);
  });
}

TEST(Primitives, StaticInitialisation) {
  stays_clean([] {
    const auto get = [] {
      static const std::vector<int> numbers{1, 2, 3};
      return numbers.size();
    };
    std::thread worker([&] { check(get() == 3); });
    check(get() == 3);
    worker.join();
  });
}

struct CountsItsEnd {
  int* ended = nullptr;
  ~CountsItsEnd() {
    if (ended != nullptr) ++*ended;
  }
};

thread_local int own_count = 5;
thread_local CountsItsEnd own_object;

TEST(Primitives, ThreadLocal) {
  stays_clean([] {
    int ended = 0;
    check(own_count == 5, "each run begins with new thread-local variables");
    own_count = 6;
    std::thread worker([&] {
      check(own_count == 5, "each thread has its own");
      own_count = 7;
      own_object.ended = &ended;
    });
    worker.join();
    check(own_count == 6);
    check(ended == 1, "its thread's end destroys it");
  });
}

TEST(Primitives, SleepAndClocks) {
  stays_clean([] {
    const auto steady = std::chrono::steady_clock::now();
    const auto date = std::chrono::system_clock::now();
    std::thread worker([] { std::this_thread::sleep_for(1h); });
    std::this_thread::sleep_until(date + 2h);
    check(std::chrono::steady_clock::now() - steady >= 2h);
    check(std::chrono::high_resolution_clock::now() >= date + 2h);
    worker.join();
  });
}

TEST(Primitives, TimeMovesWhileEverybodyYields) {
  stays_clean([] {
    std::atomic<bool> over{false};
    std::thread worker([&] {
      while (!over) std::this_thread::yield();
    });
    const auto deadline = std::chrono::steady_clock::now() + 1s;
    while (std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    over = true;
    worker.join();
  });
}

TEST(Primitives, PollingUnderALock) {
  stays_clean([] {
    std::mutex mutex;
    bool ready = false;
    std::thread worker([&] {
      const std::lock_guard lock(mutex);
      ready = true;
    });
    for (bool seen = false; !seen;) {
      const std::lock_guard lock(mutex);
      seen = ready;
    }
    worker.join();
  });
}

TEST(Primitives, Fences) {
  stays_clean([] {
    int data = 0;
    std::atomic<bool> ready{false};
    std::thread worker([&] {
      data = 1;
      std::atomic_thread_fence(std::memory_order_release);
      ready.store(true, std::memory_order_relaxed);
    });
    if (ready.load(std::memory_order_relaxed)) {
      std::atomic_thread_fence(std::memory_order_acquire);
      check(data == 1);
    }
    worker.join();
  });
}

TEST(Primitives, DetachedThread) {
  stays_clean([] {
    auto done = std::make_shared<std::atomic<bool>>(false);
    std::thread([done] { *done = true; }).detach();
    done->load();
  });
}

TEST(Primitives, ConditionVariableAtThreadExit) {
  stays_clean([] {
    std::mutex mutex;
    std::condition_variable changed;
    bool ready = false;
    std::thread worker([&] {
      std::unique_lock lock(mutex);
      ready = true;
      std::notify_all_at_thread_exit(changed, std::move(lock));
    });
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return ready; });
    }
    worker.join();
  });
}

}  // namespace
