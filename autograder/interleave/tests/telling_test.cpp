// Property: what is told of a body is true and enough: its limits, its lifetimes, its names.
// Each body is the smallest case of a fault that the explorer once had.
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <iomanip>
#include <memory>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::find_failure;
using interleave::Options;
using interleave::Result;

Result finds(const std::string& kind, const std::function<void()>& body,
             const Options& options = {}) {
  Result result = find_failure(body, options);
  EXPECT_EQ(result.kind, kind) << result.message << '\n' << result.picture;
  return result;
}

void tells(const Result& result, const std::string& words) {
  EXPECT_NE(result.picture.find(words), std::string::npos) << words << "\n\n"
                                                           << result.picture;
}

void does_not_tell(const Result& result, const std::string& words) {
  EXPECT_EQ(result.picture.find(words), std::string::npos) << words << "\n\n"
                                                           << result.picture;
}

Options for_seconds(double seconds) {
  Options options;
  options.seconds = seconds;
  return options;
}

// -- Time -------------------------------------------------------------------------------

TEST(Endless, CountingIsToldShortly) {
  const Result result = finds(
      "livelock",
      [] {
        std::atomic<int> x{0};
        for (;;) x.fetch_add(1);
      },
      for_seconds(2));
  tells(result, "livelock without an end");
  tells(result, "did not end within 200,000 steps");
  tells(result, "would take too long");
  EXPECT_LT(result.picture.size(), 20'000U);
}

TEST(Endless, TwoThatGiveWayToEachOther) {
  const Result result = finds(
      "livelock",
      [] {
        std::atomic<bool> p{false};
        std::atomic<bool> q{false};
        std::atomic<int> x{0};
        const auto play = [&x](std::atomic<bool>& own, const std::atomic<bool>& other) {
          for (;;) {
            own = true;
            while (other) {
            }
            x = 1;
            own = false;
          }
        };
        std::thread one([&] { play(p, q); });
        std::thread two([&] { play(q, p); });
        one.join();
        two.join();
      },
      for_seconds(2));
  EXPECT_LT(result.picture.size(), 50'000U);
}

TEST(HiddenState, TheFirstStreamIsNone) {
  const Result result = find_failure([] {
    std::ostringstream text;
    text << 1 << ' ' << 1.5;
    check(text.str() == "1 1.5");
  });
  EXPECT_TRUE(result.clean()) << result.picture;
  EXPECT_EQ(result.coverage.find("process of its own"), std::string::npos)
      << result.coverage;
}

TEST(HiddenState, TheFirstStreamBesideThreadsIsNone) {
  const Result result = find_failure([] {
    std::atomic<int> sum{0};
    std::thread worker([&] { sum += 1; });
    std::ostringstream text;
    text << sum.load() << std::setw(3) << 1.5 << std::hex << 12;
    std::istringstream in("7 8.5");
    int number = 0;
    in >> number;
    worker.join();
    check(number == 7);
  });
  EXPECT_TRUE(result.clean()) << result.picture;
  EXPECT_TRUE(result.exhaustive);
  EXPECT_EQ(result.coverage.find("process of its own"), std::string::npos)
      << result.coverage;
}

TEST(HiddenState, FewSchedulesSaySo) {
  const auto body = [] {
    static int runs = 0;
    const int earlier = runs++;
    std::atomic<int> number{0};
    std::thread worker([&] { number = 1; });
    for (int run = 0; run <= earlier; ++run) number = run;
    worker.join();
  };
  const Result result = find_failure(body, for_seconds(0));
  EXPECT_TRUE(result.clean()) << result.picture;
  EXPECT_FALSE(result.exhaustive);
  EXPECT_TRUE(result.few);
  EXPECT_NE(result.coverage.find("little: the time ran out"), std::string::npos)
      << result.coverage;
  EXPECT_FALSE(find_failure(body, for_seconds(5)).few) << "enough time, enough said";
}

TEST(Leaks, AllowedOnesLeaveTheReductionAsItIs) {
  Options options;
  options.leaks = false;
  options.strategy = "reduced";
  const Result result = find_failure(
      [] {
        std::atomic<int*> newest{nullptr};
        const auto put = [&newest] { newest.exchange(new int(1)); };
        std::thread one(put);
        std::thread two(put);
        one.join();
        two.join();
      },
      options);
  EXPECT_TRUE(result.clean()) << result.picture;
  EXPECT_TRUE(result.exhaustive) << result.coverage;
}

TEST(Behaviours, AreCountedAsExecutions) {
  Options options;
  options.strategy = "reduced";
  options.memory = interleave::Memory::kSequential;
  const Result result = find_failure(
      [] {
        std::atomic<int> x{0};
        const auto look = [&x] { (void)x.load(); };
        std::thread one(look);
        std::thread two([&x] { x.fetch_add(0); });
        std::thread three([&x] { x.fetch_add(0); });
        one.join();
        two.join();
        three.join();
      },
      options);
  EXPECT_TRUE(result.exhaustive) << result.coverage;
  EXPECT_EQ(result.coverage,
            "all " + std::to_string(result.executions) + " behaviours checked");
}

// -- Stacks -----------------------------------------------------------------------------

int filled(std::size_t bytes) {
  volatile char* const block = static_cast<char*>(__builtin_alloca(bytes));
  for (std::size_t at = 0; at < bytes; at += 1024) block[at] = 1;
  return block[0];
}

TEST(Stack, IsAsLargeAsTheSystems) {
  const Result result = find_failure([] { check(filled(std::size_t{6} << 20U) == 1); });
  EXPECT_TRUE(result.clean()) << result.message;
}

TEST(Stack, IsAsLargeAsWasAskedFor) {
  const Result result = find_failure([] {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, std::size_t{32} << 20U);
    pthread_t worker{};
    pthread_create(
        &worker, &attributes,
        [](void*) -> void* {
          check(filled(std::size_t{30} << 20U) == 1);
          return nullptr;
        },
        nullptr);
    pthread_attr_destroy(&attributes);
    pthread_join(worker, nullptr);
  });
  EXPECT_TRUE(result.clean()) << result.message;
}

TEST(Stack, IsNamedWhereItIsUsedUp) {
  const Result result = finds("crash", [] { check(filled(std::size_t{9} << 20U) == 1); });
  EXPECT_EQ(result.message, "leader used up its stack of 8 MiB");
}

// -- Lifetimes --------------------------------------------------------------------------

struct Latch {
  std::mutex m;
  std::condition_variable c;
  bool set = false;

  void open() {
    {
      const std::lock_guard lock(m);
      set = true;
    }
    c.notify_one();  // the waiter may have deleted it
  }
  void wait() {
    std::unique_lock lock(m);
    while (!set) c.wait(lock);
  }
};

TEST(Lifetime, ANotifyOfWhatIsGoneIsNamed) {
  const Result result = find_failure([] {
    auto* const latch = new Latch;
    std::thread opener([latch] { latch->open(); });
    latch->wait();
    delete latch;
    opener.join();
  });
  EXPECT_TRUE(result.kind == "data race" || result.kind == "use after free")
      << result.picture;
  tells(result, "c.notify_one();");
  does_not_tell(result, "held m");
}

TEST(Lifetime, OfAMutexEndsWithItsDestruction) {
  finds("misuse", [] {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_destroy(&mutex);
    pthread_mutex_lock(&mutex);
  });
}

TEST(Lifetime, OfAConditionEndsWithItsDestruction) {
  finds("misuse", [] {
    pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
    pthread_cond_destroy(&condition);
    pthread_cond_signal(&condition);
  });
}

TEST(Lifetime, OfABarrierEndsWithItsDestruction) {
  finds("misuse", [] {
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, nullptr, 1);
    pthread_barrier_destroy(&barrier);
    pthread_barrier_wait(&barrier);
  });
}

TEST(Lifetime, BeginsOnce) {
  const Result result = finds("misuse", [] {
    const auto mutex = std::make_unique<pthread_mutex_t>();
    pthread_mutex_init(mutex.get(), nullptr);
    pthread_mutex_init(mutex.get(), nullptr);
  });
  EXPECT_NE(result.message.find("initialised already"), std::string::npos)
      << result.message;
}

TEST(Lifetime, MayBeginAgainAfterItEnded) {
  const Result result = find_failure([] {
    const auto mutex = std::make_unique<pthread_mutex_t>();
    for (int life = 0; life < 2; ++life) {
      pthread_mutex_init(mutex.get(), nullptr);
      pthread_mutex_lock(mutex.get());
      pthread_mutex_unlock(mutex.get());
      pthread_mutex_destroy(mutex.get());
      pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
      pthread_cond_signal(&condition);
      pthread_cond_destroy(&condition);
    }
  });
  EXPECT_TRUE(result.clean()) << result.message;
}

TEST(Lifetime, OfABlockBeginsBeforeItIsUsed) {
  finds("data race", [] {
    std::atomic<int*> block{nullptr};
    std::thread maker([&] {
      block.store(static_cast<int*>(std::malloc(sizeof(int))), std::memory_order_relaxed);
    });
    std::thread user([&] {
      if (int* const mine = block.load(std::memory_order_relaxed)) *mine = 1;
    });
    maker.join();
    user.join();
    std::free(block.load());
  });
}

TEST(Lifetime, OfALocalVariableEndsWithItsThread) {
  const Result result = finds("use after free", [] {
    std::atomic<int*> local{nullptr};
    std::thread worker([&] {
      int number = 1;
      local = &number;
    });
    worker.join();
    *local.load() = 2;
  });
  EXPECT_NE(result.message.find("a local variable of worker 1, which has ended"),
            std::string::npos)
      << result.message;
}

TEST(Barrier, ThatWasNeverInitialisedIsSaidToBe) {
  const Result result = finds("misuse", [] {
    pthread_barrier_t barrier{};
    pthread_barrier_wait(&barrier);
  });
  EXPECT_NE(result.message.find("never initialised"), std::string::npos)
      << result.message;
}

// -- Words ------------------------------------------------------------------------------

std::atomic<int> x;

TEST(Words, AVariableOfOneLetterKeepsItsName) {
  const Result result = finds("check", [] {
    x = 0;
    std::thread worker([] { x = 1; });
    const int seen = x;
    worker.join();
    check(seen == 0);
  });
  tells(result, "load x = 1");
}

TEST(Words, APendingLoadHasNoValue) {
  const Result result = finds("livelock", [] {
    std::atomic<int> flag{7};
    std::thread worker([] {});
    while (flag.load() == 7) std::this_thread::yield();
    worker.join();
  });
  does_not_tell(result, "load flag = 0");
}

TEST(Words, VariablesOfOneLineKeepTheirNames) {
  const Result result = finds("check", [] {
    std::atomic<int> first{0};
    std::atomic<int> second{0};
    // clang-format off
    std::thread worker([&] { first.store(1); second.store(2); });
    // clang-format on
    worker.join();
    const int last = second;
    check(first.load() + last == 0);
  });
  tells(result, "store first = 1");
  tells(result, "store second = 2");
  tells(result, "load second = 2");
  tells(result, "load first = 1");
}

struct Account {
  std::mutex mutex;
  int balance = 100;
};

void transfer(std::vector<Account>& accounts, std::size_t from, std::size_t to) {
  Account& second = accounts[to];
  const std::lock_guard lock(accounts[from].mutex);
  const std::lock_guard other_lock(second.mutex);
  --accounts[from].balance;
  ++second.balance;
}

TEST(Words, AVectorsElementIsToldByItsTypeAndIndex) {
  const Result result = finds("deadlock", [] {
    std::vector<Account> accounts(3);
    std::thread worker([&] { transfer(accounts, 2, 1); });
    transfer(accounts, 1, 2);
    worker.join();
  });
  tells(result, "lock account 1's mutex");
  tells(result, "lock account 2's mutex");
}

TEST(Words, ALockInAContainerIsNamedByWhatItLocks) {
  const Result result = finds("deadlock", [] {
    std::mutex ledger_mutex;
    std::vector<std::unique_lock<std::mutex>> locks;
    locks.emplace_back(ledger_mutex);
    std::thread worker([&] { ledger_mutex.lock(); });
    worker.join();
  });
  tells(result, "lock ledger_mutex");
  does_not_tell(result, "lock locks");
}

TEST(Words, BothOfAScopedLockAreNamed) {
  const Result result = finds("check", [] {
    std::mutex left;
    std::mutex right;
    const std::scoped_lock both(left, right);
    check(false);
  });
  tells(result, "lock left");
  tells(result, "lock right");
}

TEST(Words, TheValuesOfACheckAreSteps) {
  const Result result = finds("check", [] {
    std::mutex mutex;
    int sum = 0;
    const auto add = [&] {
      int old = 0;
      {
        const std::lock_guard lock(mutex);
        old = sum;
      }
      const std::lock_guard lock(mutex);
      sum = old + 1;
    };
    std::thread worker(add);
    add();
    worker.join();
    check(sum == 2);
  });
  tells(result, "read sum");
  tells(result, "write sum");
}

TEST(Words, AnIndexIsNoStep) {
  const Result result = finds("data race", [] {
    std::vector<int> sums(2);
    std::thread worker([&] { sums.push_back(1); });
    sums[0] = 1;
    worker.join();
  });
  does_not_tell(result, "operator[]");
}

TEST(Words, WhichMutexIsLockedTwiceAndWhere) {
  const Result result = finds("misuse", [] {
    std::mutex ledger_mutex;
    ledger_mutex.lock();
    ledger_mutex.lock();
  });
  tells(result, "It is about ledger_mutex   telling_test.cpp:");
  tells(result, "leader took it in step");
}

TEST(Words, WhichLockAThreadEndedWith) {
  const Result result = finds("misuse", [] {
    std::mutex ledger_mutex;
    std::thread worker([&] { ledger_mutex.lock(); });
    worker.join();
  });
  tells(result, "It is about ledger_mutex");
  tells(result, "worker 1 took it in step");
}

TEST(Words, WhereAbortWasCalled) {
  const Result result = finds("crash", [] { std::abort(); });
  tells(result, "It happened here:   telling_test.cpp:");
}

TEST(Words, TheExceptionThatMetAJoinableThread) {
  const Result result = finds("exception", [] {
    std::thread worker([] {});
    throw std::runtime_error("no paper");
  });
  EXPECT_NE(result.message.find("no paper"), std::string::npos) << result.message;
  EXPECT_NE(result.message.find("was not joined"), std::string::npos) << result.message;
}

TEST(Words, ANegativeNumberIsOne) {
  const Result result = finds("check", [] {
    std::atomic<int> debt{0};
    std::thread worker([&] { debt.store(-1); });
    worker.join();
    check(debt.load() == 0);
  });
  tells(result, "store debt = -1");
  does_not_tell(result, "0xffffffff");
}

TEST(Words, AWaitTellsWhatItSaw) {
  const Result result = finds("deadlock", [] {
    std::atomic<int> stage{3};
    stage.wait(3, std::memory_order_acquire);
  });
  tells(result, "stage.wait (acquire) = 3");
}

// -- Races that are meant ---------------------------------------------------------------

TEST(Races, CanBeSwitchedOff) {
  const auto body = [] {
    const auto sum = std::make_unique<int>(0);
    const auto add = [&] { *sum = *sum + 1; };
    std::thread one(add);
    std::thread two(add);
    one.join();
    two.join();
    return *sum;
  };
  Options options;
  options.races = false;
  options.strategy = "reduced";
  options.memory = interleave::Memory::kSequential;
  const auto outcomes = interleave::outcomes(body, options);
  EXPECT_TRUE(outcomes.exhaustive) << outcomes.coverage;
  EXPECT_EQ(outcomes.seen.size(), 2U);  // an addition may be lost
  EXPECT_TRUE(outcomes.seen.contains("1"));
  options.races = true;
  EXPECT_TRUE(interleave::outcomes(body, options).seen.contains("<data race>"));
}

TEST(Races, SwitchedOffLeaveASpinOnAPlainVariable) {
  Options options;
  options.races = false;
  const Result result = find_failure(
      [] {
        volatile bool ready = false;
        std::thread worker([&] { ready = true; });
        while (!ready) {
        }
        worker.join();
      },
      options);
  EXPECT_TRUE(result.clean()) << result.picture;
}

}  // namespace
