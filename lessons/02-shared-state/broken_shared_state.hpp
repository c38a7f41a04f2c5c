// The broken siblings of shared_state.hpp: each shares in a way that fails, and says how.
//
// Threads     What each would need to be right, it lacks: that is the point.
//
// Left out    Any use outside this lesson's tests and experiments.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

//> region no_lock
// No lock at all. Two threads inside at once are a data race.
class UnlockedTotal {
 public:
  void add(std::int64_t amount) { total_ += amount; }
  [[nodiscard]] std::int64_t total() const { return total_; }

 private:
  std::int64_t total_ = 0;
};
//<

//> region lost_update
// Every access is atomic, and still an addition is lost: two threads may both load before
// either stores.
class LoadThenStore {
 public:
  void add(std::int64_t amount) { total_.store(total_.load() + amount); }
  [[nodiscard]] std::int64_t total() const { return total_.load(); }

 private:
  std::atomic<std::int64_t> total_ = 0;
};
//<

//> region check_then_act
// Every access is under the lock, but the look and the change are two holds of it. Between
// them another thread may take what was seen.
class CheckThenTake {
 public:
  explicit CheckThenTake(std::int64_t total) : total_(total) {}

  [[nodiscard]] bool take(std::int64_t amount) {
    if (total() < amount) return false;
    const std::scoped_lock lock(mutex_);
    total_ -= amount;
    return true;
  }

  [[nodiscard]] std::int64_t total() const {
    const std::scoped_lock lock(mutex_);
    return total_;
  }

 private:
  mutable std::mutex mutex_;
  std::int64_t total_;
};
//<

//> region deadlock
// Two totals, two locks, and two ways through them that take the locks in opposite order.
class TwoLocks {
 public:
  TwoLocks(std::int64_t left, std::int64_t right) : left_(left), right_(right) {}

  void move_right(std::int64_t amount) {
    const std::scoped_lock left(left_mutex_);
    const std::scoped_lock right(right_mutex_);
    left_ -= amount;
    right_ += amount;
  }
  void move_left(std::int64_t amount) {
    const std::scoped_lock right(right_mutex_);
    const std::scoped_lock left(left_mutex_);
    right_ -= amount;
    left_ += amount;
  }

  // Only while no thread moves.
  [[nodiscard]] std::int64_t left() const { return left_; }
  [[nodiscard]] std::int64_t right() const { return right_; }

 private:
  std::mutex left_mutex_;
  std::mutex right_mutex_;
  std::int64_t left_;
  std::int64_t right_;
};
//<

//> region lost_wake_up
// The flag changes without the lock, so the notify can fall between a waiter's look and
// its sleep.
class NotifyWithoutLock {
 public:
  void set() {
    set_.store(true);
    changed_.notify_one();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    while (!set_.load()) changed_.wait(lock);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> set_ = false;
};
//<
