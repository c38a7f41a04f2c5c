// A poller without a system under it: its clock moves when a test says so.
//
// Threads     now, wake, advance: any thread. wait, meanwhile: the loop's.
// Progress    wait blocks where time stands, until a wake or an advance.
//
// Invariants
//   I1  All fields are read and written only while mutex_ is held.
//   I2  A wake is kept until one wait has returned.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <span>
#include <stdexcept>
#include <utility>

#include "poller.hpp"

// kJumps: a wait with a limit ends at once, and that much later, unless it was woken.
// kStands: the clock moves by `advance` alone.
enum class FakeTime { kJumps, kStands };

class FakePoller {
 public:
  explicit FakePoller(FakeTime time = FakeTime::kJumps) : time_(time) {}

  // Throws std::runtime_error at call 10,000 without a wait between: the loop that looks at
  // the clock so often spins, and here no time passes meanwhile.
  [[nodiscard]] TimePoint now() {
    const std::scoped_lock lock(mutex_);
    if (++looks_ == 10'000) {
      throw std::runtime_error(
          "the loop has looked at the clock 10,000 times without a wait: it spins until "
          "the "
          "next timer is due instead of sleeping");
    }
    return now_;
  }

  // Each call takes a microsecond of its own. Throws std::runtime_error at call 10,000: the
  // loop that makes so many does not sleep, it looks again and again.
  std::span<const Ready> wait(Limit limit) {
    std::unique_lock lock(mutex_);
    looks_ = 0;
    if (++waits_ == 10'000) {
      throw std::runtime_error(
          "the loop has called wait 10,000 times: it looks again and again instead of "
          "sleeping until the next timer is due");
    }
    now_ += std::chrono::microseconds(1);
    if (meanwhile_) {
      const auto other_thread = std::exchange(meanwhile_, nullptr);
      lock.unlock();
      other_thread();
      lock.lock();
    }
    const TimePoint end = limit ? now_ + *limit : TimePoint::max();
    if (time_ == FakeTime::kJumps && limit && !woken_) now_ = end;
    // Not again and again: a wait may end for no reason, and a loop has to bear it.
    if (!woken_ && now_ < end) changed_.wait(lock);
    woken_ = false;
    return {};  // there are no descriptors here
  }

  void wake() {
    const std::scoped_lock lock(mutex_);
    woken_ = true;
    ++wakes_;
    changed_.notify_all();
  }

  void advance(std::chrono::nanoseconds time) {
    const std::scoped_lock lock(mutex_);
    now_ += time;
    changed_.notify_all();
  }

  // Runs `other_thread` once, in the middle of the next wait, as another thread might.
  void meanwhile(std::function<void()> other_thread) {
    const std::scoped_lock lock(mutex_);
    meanwhile_ = std::move(other_thread);
  }

  [[nodiscard]] int waits() {
    const std::scoped_lock lock(mutex_);
    return waits_;
  }
  [[nodiscard]] int wakes() {
    const std::scoped_lock lock(mutex_);
    return wakes_;
  }

 private:
  const FakeTime time_;

  // Written by any thread that holds mutex_.
  std::mutex mutex_;
  std::condition_variable changed_;
  TimePoint now_{std::chrono::hours(1)};
  bool woken_ = false;
  int looks_ = 0;  // at the clock, since the last wait
  int waits_ = 0;
  int wakes_ = 0;
  std::function<void()> meanwhile_;
};
