// A macro in place of the explorations.
#pragma once

#include "interleave/interleave.hpp"

#define explore(...) name_thread("")

class Slot {
 public:
  void put(int) {}

  int take() { return 0; }
};
