// Brings a clock of its own, for which the system's header has said C.
#pragma once

#include <time.h>

int clock_gettime(clockid_t, timespec* now) noexcept {
  *now = {};
  return 0;
}

class Slot {
 public:
  void put(int) {}

  int take() { return 0; }
};
