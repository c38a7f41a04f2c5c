// Prints without end.
#pragma once

#include <cstdio>

class Slot {
 public:
  void put(int value) {
    for (;;) std::puts("still here");
    value_ = value;
  }

  int take() { return value_; }

 private:
  int value_ = 0;
};
