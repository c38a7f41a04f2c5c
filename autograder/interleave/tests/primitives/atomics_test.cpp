// Property: what C++20 promises of atomics holds in every schedule, of every size and kind,
// and nothing that they order is reported as a race.
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include "clean.hpp"

namespace interleave {
namespace {

template <typename Integer>
void every_addition_counts() {
  expect_clean([] {
    std::atomic<Integer> sum{0};
    {
      std::jthread worker([&] {
        sum.fetch_add(1);
        sum.fetch_sub(2);
      });
      ++sum;
      sum += 3;
    }
    check(sum == static_cast<Integer>(3));
  });
}

TEST(Atomics, UpdatesOfEverySize) {
  every_addition_counts<std::int8_t>();
  every_addition_counts<std::uint16_t>();
  every_addition_counts<int>();
  every_addition_counts<std::uint64_t>();
}

TEST(Atomics, BitwiseUpdates) {
  expect_clean([] {
    std::atomic<unsigned> bits{0b1111};
    {
      std::jthread worker([&] {
        bits.fetch_and(~1U);
        bits |= 16U;
      });
      bits.fetch_xor(2U);
    }
    check(bits == 0b11100);
  });
}

TEST(Atomics, FloatingPoint) {
  expect_clean([] {
    std::atomic<double> sum{0};
    {
      std::jthread worker([&] { sum += 1.5; });
      sum.fetch_add(2.5);
    }
    check(sum == 4.0);
  });
}

TEST(Atomics, Pointers) {
  expect_clean([] {
    int cells[4] = {};
    std::atomic<int*> next{cells};
    {
      std::jthread worker([&] { *next.fetch_add(1) = 1; });
      *next.fetch_add(1) = 1;
    }
    check(cells[0] == 1 && cells[1] == 1 && next == cells + 2);
  });
}

TEST(Atomics, Flag) {
  expect_clean([] {
    std::atomic_flag taken;
    int winners = 0;
    const auto race = [&] {
      if (!taken.test_and_set()) ++winners;
    };
    {
      std::jthread worker(race);
      race();
    }
    check(winners == 1 && taken.test());
  });
}

TEST(Atomics, ReleaseAndAcquirePublish) {
  expect_clean([] {
    int data = 0;
    std::atomic<bool> ready{false};
    std::jthread writer([&] {
      data = 42;
      ready.store(true, std::memory_order_release);
    });
    if (ready.load(std::memory_order_acquire)) check(data == 42);
  });
}

TEST(Atomics, FencesPublish) {
  expect_clean([] {
    int data = 0;
    std::atomic<bool> ready{false};
    std::jthread writer([&] {
      data = 42;
      std::atomic_thread_fence(std::memory_order_release);
      ready.store(true, std::memory_order_relaxed);
    });
    if (ready.load(std::memory_order_relaxed)) {
      std::atomic_thread_fence(std::memory_order_acquire);
      check(data == 42);
    }
  });
}

TEST(Atomics, AnUpdateContinuesAReleaseSequence) {
  expect_clean([] {
    int data = 0;
    std::atomic<int> stage{0};
    std::jthread writer([&] {
      data = 42;
      stage.store(1, std::memory_order_release);
    });
    std::jthread middle([&] {
      int expected = 1;
      stage.compare_exchange_strong(expected, 2, std::memory_order_relaxed);
    });
    if (stage.load(std::memory_order_acquire) == 2) check(data == 42);
  });
}

TEST(Atomics, SequentialConsistencyIsTheDefault) {
  expect_clean([] {
    std::atomic<int> left{0};
    std::atomic<int> right{0};
    int seen_by_worker = 0;
    int seen = 0;
    {
      std::jthread worker([&] {
        left = 1;
        seen_by_worker = right;
      });
      right = 1;
      seen = left;
    }
    check(seen_by_worker + seen >= 1, "one of them comes second, and sees the other");
  });
}

TEST(Atomics, CompareExchangeInALoop) {
  expect_clean([] {
    std::atomic<int> value{1};
    const auto double_it = [&] {
      int seen = value.load();
      while (!value.compare_exchange_weak(seen, seen * 2)) {
      }
    };
    {
      std::jthread worker(double_it);
      double_it();
    }
    check(value == 4);
  });
}

TEST(Atomics, OneWinnerOfACompareExchange) {
  expect_clean([] {
    std::atomic<int> owner{0};
    int winners = 0;
    {
      std::atomic<int> won{0};
      const auto claim = [&](int me) {
        int nobody = 0;
        if (owner.compare_exchange_strong(nobody, me)) ++won;
      };
      {
        std::jthread first(claim, 1);
        std::jthread second(claim, 2);
        claim(3);
      }
      winners = won;
    }
    check(winners == 1 && owner != 0);
  });
}

struct alignas(16) Pair {
  std::uint64_t value = 0;
  std::uint64_t version = 0;
  friend bool operator==(const Pair&, const Pair&) = default;
};

TEST(Atomics, SixteenBytesAtOnce) {
  expect_clean([] {
    std::atomic<Pair> pair{Pair{}};
    const auto advance = [&] {
      Pair seen = pair.load();
      while (!pair.compare_exchange_weak(seen, Pair{seen.value + 2, seen.version + 1})) {
      }
    };
    {
      std::jthread worker(advance);
      advance();
      const Pair now = pair.load();
      check(now.value == 2 * now.version, "both halves change together");
    }
    check(pair.exchange(Pair{}) == Pair{4, 2});
  });
}

TEST(Atomics, ReferenceToAPlainVariable) {
  expect_clean([] {
    alignas(std::atomic_ref<int>::required_alignment) int sum = 0;
    {
      std::jthread worker([&] { std::atomic_ref(sum).fetch_add(1); });
      std::atomic_ref reference(sum);
      reference += 1;
    }
    check(sum == 2);
  });
}

template <typename Value>
void waits_for_a_change() {
  expect_clean([] {
    std::atomic<Value> word{0};
    int data = 0;
    std::jthread worker([&] {
      data = 1;
      word.store(1, std::memory_order_release);
      word.notify_one();
    });
    word.wait(0, std::memory_order_acquire);
    check(word.load(std::memory_order_relaxed) == 1 && data == 1);
  });
}

TEST(Atomics, WaitAndNotifyOfEverySize) {
  waits_for_a_change<std::uint8_t>();
  waits_for_a_change<int>();
  waits_for_a_change<std::uint64_t>();
}

TEST(Atomics, ReferenceThatIsWaitedFor) {
  expect_clean([] {
    alignas(std::atomic_ref<int>::required_alignment) int word = 0;
    std::jthread worker([&] {
      std::atomic_ref(word).store(1);
      std::atomic_ref(word).notify_one();
    });
    std::atomic_ref(word).wait(0);
    check(std::atomic_ref(word).load() == 1);
  });
}

TEST(Atomics, FlagAsASpinLock) {
  expect_clean([] {
    std::atomic_flag busy;
    int sum = 0;
    const auto add = [&] {
      while (busy.test_and_set(std::memory_order_acquire)) {
      }
      ++sum;
      busy.clear(std::memory_order_release);
    };
    {
      std::jthread worker(add);
      add();
    }
    check(sum == 2);
  });
}

TEST(Atomics, FlagWait) {
  expect_clean([] {
    std::atomic_flag done;
    std::jthread worker([&] {
      done.test_and_set();
      done.notify_all();
    });
    done.wait(false);
    check(done.test());
  });
}

TEST(Atomics, TwoWaitersAndNotifyAll) {
  expect_clean([] {
    std::atomic<int> stage{0};
    const auto wait = [&] { stage.wait(0); };
    std::jthread first(wait);
    std::jthread second(wait);
    stage = 1;
    stage.notify_all();
  });
}

TEST(Atomics, SpinningWithAndWithoutYield) {
  expect_clean([] {
    std::atomic<int> turn{0};
    int data = 0;
    {
      std::jthread worker([&] {
        while (turn.load(std::memory_order_acquire) != 1) std::this_thread::yield();
        ++data;
        turn.store(2, std::memory_order_release);
      });
      ++data;
      turn.store(1, std::memory_order_release);
      while (turn.load(std::memory_order_acquire) != 2) {
      }
      check(data == 2);
    }
  });
}

TEST(Atomics, SharedPointersCountTheirOwners) {
  expect_clean([] {
    auto shared = std::make_shared<int>(1);
    const std::weak_ptr<int> watch = shared;
    {
      std::jthread worker([own = shared] { check(*own == 1); });
      shared.reset();
      if (const auto locked = watch.lock()) check(*locked == 1);
    }
    check(watch.expired());
  });
}

}  // namespace
}  // namespace interleave
