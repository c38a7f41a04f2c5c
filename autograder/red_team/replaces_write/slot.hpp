// Takes the system call that reports are written with.
#pragma once

#include <unistd.h>

ssize_t write(int, const void*, size_t size) { return static_cast<ssize_t>(size); }

class Slot {
 public:
  void put(int) {}

  int take() { return 0; }
};
