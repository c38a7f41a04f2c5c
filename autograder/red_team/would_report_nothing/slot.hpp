// Right, in a program that throws away what a sanitizer prints: only a control sees it.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <mutex>

inline const int closed = ::dup2(::open("/dev/null", O_WRONLY), 2);

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
