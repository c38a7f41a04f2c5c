// Property: what these locks protect is never touched by two threads at once, whatever the
// schedule, and no correct use of them is reported.
#include <chrono>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "clean.hpp"

namespace interleave {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

TEST(Locks, Mutex) {
  expect_clean([] {
    std::mutex mutex;
    int sum = 0;
    const auto add = [&] {
      const std::lock_guard lock(mutex);
      ++sum;
    };
    {
      std::jthread first(add);
      std::jthread second(add);
      add();
    }
    check(sum == 3);
  });
}

TEST(Locks, TryLockOfAMutex) {
  expect_clean([] {
    std::mutex mutex;
    int sum = 0;
    bool took = false;
    {
      std::jthread worker([&] {
        const std::lock_guard lock(mutex);
        ++sum;
      });
      const std::unique_lock lock(mutex, std::try_to_lock);
      took = lock.owns_lock();
      if (took) ++sum;
    }
    check(sum == (took ? 2 : 1));
  });
}

TEST(Locks, RecursiveMutex) {
  expect_clean([] {
    std::recursive_mutex mutex;
    int sum = 0;
    const auto add = [&] {
      const std::lock_guard outer(mutex);
      const std::lock_guard inner(mutex);
      check(mutex.try_lock(), "its owner may always lock it again");
      ++sum;
      mutex.unlock();
    };
    {
      std::jthread worker(add);
      add();
    }
    check(sum == 2);
  });
}

TEST(Locks, TimedMutex) {
  expect_clean([] {
    std::timed_mutex mutex;
    int sum = 0;
    int taken = 0;
    {
      std::jthread worker([&] {
        const std::lock_guard lock(mutex);
        ++sum;
      });
      if (mutex.try_lock_for(milliseconds(5))) {
        ++sum;
        ++taken;
        mutex.unlock();
      }
      if (mutex.try_lock_until(steady_clock::now() + milliseconds(5))) {
        ++sum;
        ++taken;
        mutex.unlock();
      }
    }
    check(sum == 1 + taken);
  });
}

TEST(Locks, RecursiveTimedMutex) {
  expect_clean([] {
    std::recursive_timed_mutex mutex;
    int sum = 0;
    int taken = 0;
    {
      std::jthread worker([&] {
        const std::lock_guard outer(mutex);
        check(mutex.try_lock_for(milliseconds(1)), "its owner may lock it again");
        ++sum;
        mutex.unlock();
      });
      if (mutex.try_lock_for(milliseconds(5))) {
        ++sum;
        ++taken;
        mutex.unlock();
      }
    }
    check(sum == 1 + taken);
  });
}

TEST(Locks, SharedMutex) {
  expect_clean([] {
    std::shared_mutex mutex;
    int first = 0;
    int second = 0;
    const auto read = [&] {
      const std::shared_lock lock(mutex);
      check(first == second, "a reader sees both halves of a write or none");
    };
    {
      std::jthread reader(read);
      std::jthread writer([&] {
        const std::unique_lock lock(mutex);
        ++first;
        ++second;
      });
      read();
    }
  });
}

TEST(Locks, TryLocksOfASharedMutex) {
  expect_clean([] {
    std::shared_mutex mutex;
    int value = 0;
    {
      std::jthread writer([&] {
        if (!mutex.try_lock()) return;
        ++value;
        mutex.unlock();
      });
      if (mutex.try_lock_shared()) {
        check(value == 0 || value == 1);
        mutex.unlock_shared();
      }
    }
    check(value <= 1);
  });
}

TEST(Locks, SharedTimedMutex) {
  expect_clean([] {
    std::shared_timed_mutex mutex;
    int value = 0;
    {
      std::jthread writer([&] {
        if (!mutex.try_lock_for(milliseconds(3))) return;
        ++value;
        mutex.unlock();
      });
      if (mutex.try_lock_shared_until(steady_clock::now() + milliseconds(3))) {
        check(value == 0 || value == 1);
        mutex.unlock_shared();
      }
    }
    check(value <= 1);
  });
}

TEST(Locks, ScopedLockTakesTwoInAnyOrder) {
  expect_clean([] {
    std::mutex left;
    std::mutex right;
    int sum = 0;
    {
      std::jthread worker([&] {
        const std::scoped_lock both(right, left);
        ++sum;
      });
      const std::scoped_lock both(left, right);
      ++sum;
    }
    check(sum == 2);
  });
}

TEST(Locks, LockThenAdopt) {
  expect_clean([] {
    std::mutex left;
    std::timed_mutex right;
    int sum = 0;
    const auto add = [&] {
      std::lock(left, right);
      const std::lock_guard first(left, std::adopt_lock);
      const std::lock_guard second(right, std::adopt_lock);
      ++sum;
    };
    {
      std::jthread worker(add);
      add();
    }
    check(sum == 2);
  });
}

TEST(Locks, TryLockOfSeveral) {
  expect_clean([] {
    std::mutex left;
    std::mutex right;
    int sum = 0;
    const auto add = [&] {
      if (std::try_lock(left, right) != -1) return;
      ++sum;
      left.unlock();
      right.unlock();
    };
    {
      std::jthread worker(add);
      add();
    }
    check(sum <= 2);
  });
}

}  // namespace
}  // namespace interleave
