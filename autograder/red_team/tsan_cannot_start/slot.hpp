// Right, but the program has a page where ThreadSanitizer keeps its shadow: it cannot start,
// with or without address randomisation.
#pragma once

#include <mutex>

__attribute__((section(".far"), used)) inline char far_away[4096] = {1};

class Slot {
 public:
  void put(int value) {
    const std::lock_guard lock(mutex_);
    value_ = value;
  }

  int take() {
    const std::lock_guard lock(mutex_);
    return value_;
  }

 private:
  std::mutex mutex_;
  int value_ = 0;
};
