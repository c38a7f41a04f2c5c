// Never frees.
#pragma once

#include <mutex>

class Slot {
 public:
  void put(int value) {
    const std::lock_guard lock(mutex_);
    value_ = new int(value);
  }

  int take() {
    const std::lock_guard lock(mutex_);
    return value_ == nullptr ? 0 : *value_;
  }

 private:
  std::mutex mutex_;
  int* value_ = nullptr;
};
