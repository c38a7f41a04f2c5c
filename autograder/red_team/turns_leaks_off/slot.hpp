// Turns the search for leaks off.
#pragma once

extern "C" int __lsan_is_turned_off() { return 1; }

class Slot {
 public:
  void put(int) {}

  int take() { return 0; }
};
