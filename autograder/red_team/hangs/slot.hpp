// Waits for ever.
#pragma once

#include <condition_variable>
#include <mutex>

class Slot {
 public:
  void put(int value) {
    std::unique_lock lock(mutex_);
    value_ = value;
    changed_.wait(lock, [this] { return value_ < 0; });
  }

  int take() {
    const std::lock_guard lock(mutex_);
    return value_;
  }

 private:
  std::condition_variable changed_;
  std::mutex mutex_;
  int value_ = 0;
};
