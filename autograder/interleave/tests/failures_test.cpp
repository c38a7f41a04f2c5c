// Property: each way in which a body can be wrong is found, called by its name, and comes
// again in another process.
#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::Cost;
using interleave::Counts;
using interleave::find_failure;
using interleave::Result;

// Finds what is wrong with `body` and makes sure that it is `kind`.
Result finds(const std::string& kind, const std::function<void()>& body,
             interleave::Options options = {}) {
  Result result = find_failure(body, options);
  EXPECT_EQ(result.kind, kind) << result.picture;
  EXPECT_FALSE(result.message.empty());
  return result;
}

TEST(Failures, Check) {
  const Result result = finds("check", [] {
    std::atomic<int> sum{0};
    std::thread worker([&] { sum = sum + 1; });
    sum = sum + 1;
    worker.join();
    check(sum == 2, "an addition was lost");
  });
  EXPECT_EQ(result.message, "an addition was lost");
}

TEST(Failures, Exception) {
  const Result result = finds("exception", [] {
    std::thread worker([] { throw std::runtime_error("no paper"); });
    worker.join();
  });
  EXPECT_NE(result.message.find("no paper"), std::string::npos) << result.message;
}

TEST(Failures, ExceptionOfTheBodyItself) {
  finds("exception", [] { throw std::logic_error("wrong"); });
}

TEST(Failures, Crash) {
  const Result result = finds("crash", [] {
    std::atomic<int*> pointer{nullptr};
    int value = 0;
    std::thread worker([&] { pointer = &value; });
    *pointer.load() = 1;
    worker.join();
  });
  EXPECT_NE(result.message.find("SIGSEGV"), std::string::npos) << result.message;
}

TEST(Failures, Abort) {
  finds("crash", [] { std::abort(); });
}

TEST(Failures, StackOverflow) {
  struct Endless {
    static int descend(int depth) {
      volatile int kept = depth;  // else the recursion becomes a loop
      return depth < 0 ? 0 : descend(depth + 1) + kept;
    }
  };
  finds("crash", [] { Endless::descend(0); });
}

TEST(Failures, Race) {
  finds("data race", [] {
    int value = 0;
    std::thread worker([&] { value = 1; });
    value = 2;
    worker.join();
  });
}

TEST(Failures, RaceInsideACopy) {
  finds("data race", [] {
    std::array<char, 64> text{};
    std::array<char, 64> copy{};
    std::thread worker([&] { text[40] = 'x'; });
    volatile std::size_t size = text.size();
    std::memcpy(copy.data(), text.data(), size);
    worker.join();
    check(copy[0] == '\0');  // or Clang leaves out a copy that is never read
  });
}

TEST(Failures, WaitingForAPlainVariable) {
  finds("data race", [] {
    volatile bool ready = false;
    std::thread worker([&] { ready = true; });
    while (!ready) {
    }
    worker.join();
  });
}

TEST(Failures, Deadlock) {
  const Result result = finds("deadlock", [] {
    std::mutex first;
    std::mutex second;
    std::thread worker([&] {
      const std::lock_guard a(first);
      const std::lock_guard b(second);
    });
    {
      const std::lock_guard b(second);
      const std::lock_guard a(first);
    }
    worker.join();
  });
  EXPECT_EQ(result.concept_name, "lock order");
}

TEST(Failures, DeadlockOfJoins) {
  const Result result = finds("deadlock", [] {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::thread worker([&] { const std::lock_guard wanted(mutex); });
    worker.join();
  });
  EXPECT_EQ(result.concept_name, "lock order");
}

TEST(Failures, DeadlockOfAReaderThatWantsToWrite) {
  finds("deadlock", [] {
    std::shared_mutex mutex;
    std::shared_lock reading(mutex);
    const std::unique_lock writing(mutex);
  });
}

TEST(Failures, LostWakeUp) {
  const Result result = finds("lost wake-up",
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
  EXPECT_EQ(result.concept_name, "lost wake-up");
}

TEST(Failures, WhoWaitsHasGivenItsLockBack) {
  const Result result = finds("lost wake-up",
                              [] {
                                std::mutex mutex;
                                std::condition_variable changed;
                                std::atomic<bool> ready{false};
                                std::thread worker([&] { ready = true; });
                                {
                                  std::unique_lock lock(mutex);
                                  if (!ready) changed.wait(lock);
                                  ready = false;  // under the lock, once it is woken
                                }
                                worker.join();
                              },
                              {.spurious = false});
  EXPECT_EQ(result.picture.find(" holds "), std::string::npos) << result.picture;
}

TEST(Failures, AnAtomicThatIsNeverNotified) {
  finds("lost wake-up", [] {
    std::atomic<int> stage{0};
    std::thread worker([&] { stage = 1; });
    stage.wait(0);
    worker.join();
  });
}

TEST(Failures, NothingToBeNotifiedOf) {
  const Result result = finds("deadlock", [] {
    std::mutex mutex;
    std::condition_variable changed;
    bool ready = false;
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return ready; });
  });
  EXPECT_EQ(result.concept_name, "") << "only the test knows what it waited for";
}

// The same while another thread waits for it to end.
TEST(Failures, NothingToBeNotifiedOfWhileItIsJoined) {
  const Result result = finds("deadlock", [] {
    std::atomic<int> stage{0};
    std::thread worker([&] {
      while (stage == 0) stage.wait(0);
    });
    worker.join();
  });
  EXPECT_EQ(result.concept_name, "");
}

TEST(Failures, Livelock) {
  finds("livelock", [] {
    std::atomic<bool> go{false};
    std::thread worker([] {});
    while (!go) std::this_thread::yield();
    worker.join();
  });
}

// A thread that looks again and again while another one stands still takes many decisions. The
// report does not wait until each of them was tried as the one that lost it.
TEST(Failures, LivelockIsReportedSoon) {
  const auto begin = std::chrono::steady_clock::now();
  finds("livelock", [] {
    const auto newest = std::make_unique<std::atomic<int>>(0);
    const auto linked = std::make_unique<std::atomic<bool>>(false);
    std::thread producer([&] {
      *newest = 1;
      *linked = true;
      newest->notify_one();
    });
    while (!*linked) newest->wait(0);
    producer.join();
  });
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15));
}

TEST(Failures, LivelockUnderALock) {
  finds("livelock", [] {
    std::mutex mutex;
    bool go = false;
    for (;;) {
      const std::lock_guard lock(mutex);
      if (go) break;
    }
  });
}

TEST(Failures, LockTwice) {
  finds("misuse", [] {
    std::mutex mutex;
    mutex.lock();
    mutex.lock();
  });
}

TEST(Failures, UnlockByAnother) {
  finds("misuse", [] {
    std::mutex mutex;
    mutex.lock();
    std::thread worker([&] { mutex.unlock(); });
    worker.join();
  });
}

TEST(Failures, UnlockOfAFreeMutex) {
  finds("misuse", [] {
    std::mutex mutex;
    mutex.unlock();
  });
}

TEST(Failures, EndsWhileItHoldsALock) {
  finds("misuse", [] {
    std::mutex mutex;
    std::thread worker([&] { mutex.lock(); });
    worker.join();
  });
}

TEST(Failures, FreesALockedMutex) {
  finds("misuse", [] {
    auto mutex = std::make_unique<std::mutex>();
    mutex->lock();
    mutex.reset();
  });
}

TEST(Failures, NeverJoined) {
  finds("misuse", [] { std::thread worker([] {}); });
}

TEST(Failures, Leak) {
  const Result result = finds("leak", [] {
    static int* volatile lost;
    lost = new int(7);
    check(*lost == 7);
    lost = nullptr;
  });
  EXPECT_NE(result.message.find("4 bytes"), std::string::npos) << result.message;
}

TEST(Failures, UseAfterFree) {
  finds("use after free", [] {
    volatile int* volatile number = new int(1);
    delete number;
    *number = 2;
  });
}

TEST(Failures, DoubleFree) {
  finds("double free", [] {
    void* volatile block = std::malloc(8);
    std::free(block);
    std::free(block);
  });
}

TEST(Failures, AGoogleTestAssertionInTheBodyCounts) {
  // Run apart, since the assertion fails the test that it stands in.
  const Result result =
      finds("check", [] { std::thread([] {}).join(); }, {.assertion_failed = [] {
              static int asked = 0;
              return asked++ % 2 == 1;  // not before the run, but after it
            }});
  EXPECT_NE(result.message.find("GoogleTest"), std::string::npos) << result.message;
}

// -- What is left after a failure -------------------------------------------------------

TEST(Failures, ExploreThrowsThem) {
  EXPECT_THROW(interleave::explore([] { check(false); }), interleave::FailureFound);
}

TEST(Failures, OneFailureDoesNotSpoilTheNextExploration) {
  for (int i = 0; i < 3; ++i) {
    finds("misuse", [] {
      std::mutex mutex;
      mutex.lock();
      mutex.lock();
    });
    EXPECT_TRUE(find_failure([] { std::thread([] {}).join(); }).clean());
  }
}

TEST(Failures, OutcomesCountThem) {
  const auto outcomes = interleave::outcomes([] {
    std::atomic<int> turn{0};
    std::thread worker([&] { turn = 1; });
    const int seen = turn;
    worker.join();
    if (seen == 1) throw std::runtime_error("too late");
    return seen;
  });
  EXPECT_EQ(outcomes.seen.size(), 2U);
  EXPECT_TRUE(outcomes.seen.contains("0"));
  EXPECT_TRUE(outcomes.seen.contains("<exception>"));
}

// -- Costs ------------------------------------------------------------------------------

// A flag that another thread raises a millisecond after this one began to wait for it.
Counts counts_of_waiting(void (*wait)(std::atomic<bool>&)) {
  static Counts counts;
  const Result result = find_failure(
      [wait] {
        std::atomic<bool> flag{false};
        std::jthread leader([&] {
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
          flag = true;
          flag.notify_one();
        });
        const Cost cost("wait");
        wait(flag);
        counts = cost.counts();
      },
      {.schedules = 1});
  EXPECT_TRUE(result.clean()) << result.picture;
  return counts;
}

TEST(Costs, WhoSleepsDoesNotSpin) {
  const Counts counts =
      counts_of_waiting([](std::atomic<bool>& flag) { flag.wait(false); });
  EXPECT_EQ(counts.wake_ups, 1u);
  EXPECT_EQ(counts.spins, 0u);
}

TEST(Costs, WhoLooksAgainAndAgainDoes) {
  const Counts counts = counts_of_waiting([](std::atomic<bool>& flag) {
    while (!flag) std::this_thread::yield();
  });
  EXPECT_EQ(counts.wake_ups, 0u);
  EXPECT_GT(counts.spins, 10u);
}

TEST(Costs, WhoLooksAgainAndAgainBeforeItSleepsDoes) {
  const Counts counts = counts_of_waiting([](std::atomic<bool>& flag) {
    for (int look = 0; look < 20; ++look) {
      if (flag) return;
    }
    flag.wait(false);
  });
  EXPECT_EQ(counts.wake_ups, 1u);
  EXPECT_GT(counts.spins, 10u);
}

// -- Hidden state -----------------------------------------------------------------------

TEST(HiddenState, EachScheduleGetsAProcess) {
  static int runs = 0;  // what an earlier run left
  const Result result = find_failure(
      [] {
        std::atomic<int> sum{0};
        std::thread worker([&] { sum = sum + 1; });
        if (runs++ == 0) sum = sum + 1;
        worker.join();
        check(sum == 2 || runs > 1, "an addition was lost");
      },
      {.schedules = 300});
  EXPECT_EQ(result.kind, "check") << result.picture;
  EXPECT_NE(result.coverage.find("process of its own"), std::string::npos)
      << result.coverage;
}

}  // namespace
