// The same in what the compiler prints.
#pragma once

// clang-format off

#error [2Jpassed ‮
::error::passed

class Slot {
 public:
  void put(int) {}

  int take() { return 0; }
};
