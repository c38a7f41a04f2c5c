// Property: threads, tasks, initialisation and time do in every schedule what C++20 says.
#include <atomic>
#include <chrono>
#include <ctime>
#include <exception>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>

#include "clean.hpp"

namespace interleave {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

TEST(Threads, StartAndJoinOrderWhatTheyDo) {
  expect_clean([] {
    int value = 1;
    std::thread worker([&] { value *= 2; });
    worker.join();
    value += 1;
    check(value == 3);
  });
}

TEST(Threads, HaveIdentities) {
  expect_clean([] {
    std::thread::id inside;
    std::thread worker([&] { inside = std::this_thread::get_id(); });
    const std::thread::id outside = worker.get_id();
    worker.join();
    check(inside == outside && inside != std::this_thread::get_id());
    check(!worker.joinable());
  });
}

TEST(Threads, StartOthers) {
  expect_clean([] {
    int value = 0;
    std::jthread outer([&] {
      std::jthread inner([&] { value = 1; });
      inner.join();
      check(value == 1);
    });
  });
}

TEST(Threads, StopTokensAreSeen) {
  expect_clean([] {
    std::jthread worker([](const std::stop_token& stop) {
      while (!stop.stop_requested()) std::this_thread::yield();
    });
    worker.request_stop();
  });
}

TEST(Threads, StopCallbacksRunOnce) {
  expect_clean([] {
    std::stop_source source;
    std::atomic<int> calls{0};
    {
      const std::stop_callback callback(source.get_token(), [&] { ++calls; });
      std::jthread first([&] { source.request_stop(); });
      source.request_stop();
    }
    check(calls == 1);
  });
}

TEST(Threads, LocalVariablesAreTheirOwn) {
  expect_clean([] {
    thread_local int mine = 0;
    mine = 0;
    const auto count = [] {
      for (int turn = 0; turn < 2; ++turn) {
        ++mine;
        std::this_thread::yield();
      }
      return mine;
    };
    {
      std::jthread worker([&] { check(count() == 2); });
      check(count() == 2);
    }
  });
}

struct CountsItsEnd {
  explicit CountsItsEnd(std::atomic<int>& counted) : ends(&counted) {}
  ~CountsItsEnd() { ++*ends; }
  CountsItsEnd(const CountsItsEnd&) = delete;
  CountsItsEnd& operator=(const CountsItsEnd&) = delete;
  std::atomic<int>* ends;
};

TEST(Threads, LocalVariablesAreDestroyedAtTheirEnd) {
  expect_clean([] {
    std::atomic<int> ends{0};
    {
      std::jthread worker([&] { thread_local const CountsItsEnd local(ends); });
    }
    check(ends == 1);
  });
}

TEST(Threads, CallOnceCallsOnce) {
  expect_clean([] {
    std::once_flag flag;
    int calls = 0;
    const auto call = [&] {
      std::call_once(flag, [&] { ++calls; });
      check(calls == 1);
    };
    std::jthread first(call);
    std::jthread second(call);
    call();
  });
}

TEST(Threads, CallOnceTriesAgainAfterAnException) {
  expect_clean([] {
    std::once_flag flag;
    int tries = 0;
    const auto call = [&] {
      try {
        std::call_once(flag, [&] {
          if (++tries == 1) throw std::runtime_error("not yet");
        });
      } catch (const std::runtime_error&) {
      }
    };
    {
      std::jthread worker(call);
      call();
    }
    check(tries == 2);
  });
}

// A static is initialised once in a process. So that its initialisation happens in the
// schedules that are explored, each body is the first to call its own instance.
template <int kInstance>
const std::vector<int>& initialised_on_first_use() {
  static const std::vector<int> values{1, 2, 3};
  return values;
}

TEST(Threads, StaticsAreInitialisedOnce) {
  expect_clean([] {
    const std::vector<int>* seen = nullptr;
    {
      std::jthread worker([&] { seen = &initialised_on_first_use<0>(); });
      check(initialised_on_first_use<0>().size() == 3);
    }
    check(seen == &initialised_on_first_use<0>());
  });
}

TEST(Threads, PromiseKeepsItsWord) {
  expect_clean([] {
    std::promise<int> promise;
    std::future<int> future = promise.get_future();
    std::jthread worker([&] { promise.set_value(42); });
    check(future.get() == 42);
  });
}

TEST(Threads, FutureForATime) {
  expect_clean([] {
    std::promise<int> promise;
    std::future<int> future = promise.get_future();
    std::jthread worker([&] { promise.set_value(42); });
    if (future.wait_for(milliseconds(5)) == std::future_status::ready) {
      check(future.get() == 42);
    } else {
      future.wait();
      check(future.get() == 42);
    }
  });
}

TEST(Threads, SharedFutureIsReadByAll) {
  expect_clean([] {
    std::promise<int> promise;
    const std::shared_future<int> future = promise.get_future().share();
    std::jthread first([future] { check(future.get() == 42); });
    std::jthread second([future] { check(future.get() == 42); });
    promise.set_value(42);
  });
}

TEST(Threads, ExceptionsTravelThroughFutures) {
  expect_clean([] {
    std::promise<int> promise;
    std::future<int> future = promise.get_future();
    std::jthread worker([&] {
      promise.set_exception(std::make_exception_ptr(std::runtime_error("no disk")));
    });
    bool thrown = false;
    try {
      future.get();
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    check(thrown);
  });
}

TEST(Threads, ABrokenPromiseIsNoticed) {
  expect_clean([] {
    std::future<int> future;
    {
      std::promise<int> promise;
      future = promise.get_future();
      std::jthread worker([broken = std::move(promise)] { (void)broken; });
    }
    bool noticed = false;
    try {
      future.get();
    } catch (const std::future_error&) {
      noticed = true;
    }
    check(noticed);
  });
}

TEST(Threads, PackagedTask) {
  expect_clean([] {
    std::packaged_task<int(int)> task([](int value) { return value * 2; });
    std::future<int> future = task.get_future();
    std::jthread worker(std::move(task), 21);
    check(future.get() == 42);
  });
}

TEST(Threads, PromiseThatIsKeptAtThreadExit) {
  expect_clean([] {
    std::promise<int> promise;
    std::future<int> future = promise.get_future();
    std::jthread worker([&] { promise.set_value_at_thread_exit(42); });
    check(future.get() == 42);
  });
}

TEST(Threads, PackagedTaskThatIsReadyAtThreadExit) {
  expect_clean([] {
    int value = 0;
    std::packaged_task<int()> task([&] { return ++value; });
    std::future<int> future = task.get_future();
    std::jthread worker([&] { task.make_ready_at_thread_exit(); });
    if (future.wait_for(milliseconds(5)) == std::future_status::ready) check(value == 1);
    check(future.get() == 1);
  });
}

TEST(Threads, DetachedThread) {
  expect_clean([] {
    const auto done = std::make_shared<std::atomic<bool>>(false);
    std::thread([done] { *done = true; }).detach();
    static_cast<void>(done->load());
  });
}

TEST(Threads, AsyncRunsOnItsOwnThread) {
  expect_clean([] {
    const std::thread::id here = std::this_thread::get_id();
    std::future<bool> future = std::async(
        std::launch::async, [here] { return std::this_thread::get_id() != here; });
    check(future.get());
  });
}

TEST(Threads, DeferredRunsOnTheCaller) {
  expect_clean([] {
    int value = 0;
    std::future<void> future = std::async(std::launch::deferred, [&] { value = 1; });
    check(value == 0);
    future.wait();
    check(value == 1);
  });
}

TEST(Threads, SleepingTakesTime) {
  expect_clean([] {
    const auto start = steady_clock::now();
    std::jthread worker([] { std::this_thread::sleep_for(milliseconds(20)); });
    std::this_thread::sleep_until(start + milliseconds(10));
    check(steady_clock::now() - start >= milliseconds(10));
  });
}

TEST(Threads, ClocksNeverRunBackwards) {
  expect_clean([] {
    const auto steady = steady_clock::now();
    const auto system = system_clock::now();
    std::jthread worker([=] { check(steady_clock::now() >= steady); });
    std::this_thread::sleep_for(milliseconds(1));
    check(system_clock::now() > system);
  });
}

template <typename Clock>
void passes_while_asleep() {
  expect_clean([] {
    const auto start = Clock::now();
    std::jthread worker([] { std::this_thread::sleep_for(std::chrono::hours(1)); });
    std::this_thread::sleep_for(std::chrono::hours(2));
    check(Clock::now() - start >= std::chrono::hours(2));
  });
}

TEST(Threads, EveryClockPasses) {
  passes_while_asleep<steady_clock>();
  passes_while_asleep<system_clock>();
  passes_while_asleep<std::chrono::high_resolution_clock>();
  passes_while_asleep<std::chrono::file_clock>();
}

TEST(Threads, CsClocksPass) {
  expect_clean([] {
    const std::time_t seconds = std::time(nullptr);
    std::timespec time{};
    check(std::timespec_get(&time, TIME_UTC) == TIME_UTC);
    std::this_thread::sleep_for(std::chrono::seconds(2));
    check(std::time(nullptr) >= seconds + 2);
    std::timespec later{};
    check(std::timespec_get(&later, TIME_UTC) == TIME_UTC);
    check(later.tv_sec >= time.tv_sec + 2);
  });
}

TEST(Threads, TimePassesWhileEveryThreadYields) {
  expect_clean([] {
    std::atomic<bool> over{false};
    std::jthread worker([&] {
      while (!over) std::this_thread::yield();
    });
    const auto deadline = steady_clock::now() + std::chrono::seconds(1);
    while (steady_clock::now() < deadline) std::this_thread::yield();
    over = true;
  });
}

TEST(Threads, PollingUnderALockEnds) {
  expect_clean([] {
    std::mutex mutex;
    bool ready = false;
    std::jthread worker([&] {
      const std::lock_guard lock(mutex);
      ready = true;
    });
    for (bool seen = false; !seen;) {
      const std::lock_guard lock(mutex);
      seen = ready;
    }
  });
}

TEST(Threads, PollingWithSleepEnds) {
  expect_clean([] {
    std::atomic<bool> done{false};
    std::jthread worker([&] { done = true; });
    while (!done) std::this_thread::sleep_for(milliseconds(1));
  });
}

TEST(Threads, PollingUntilADeadlineEnds) {
  expect_clean([] {
    const auto deadline = steady_clock::now() + milliseconds(1);
    while (steady_clock::now() < deadline) std::this_thread::yield();
  });
}

}  // namespace
}  // namespace interleave
