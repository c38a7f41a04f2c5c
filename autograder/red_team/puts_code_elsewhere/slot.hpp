// Puts a pointer where the start of the program looks for them.
#pragma once

inline void first() {}
__attribute__((section(".init_array.00001"), used)) static void (*at_start)() = first;

class Slot {
 public:
  void put(int) {}

  int take() { return 0; }
};
