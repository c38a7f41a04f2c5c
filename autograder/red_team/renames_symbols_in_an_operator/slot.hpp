// The same as an operator, in the middle of a line.
#pragma once

// clang-format off

struct Nothing {};  _Pragma("weak write")

class Slot {
 public:
  void put(int) {}

  int take() { return 0; }
};
