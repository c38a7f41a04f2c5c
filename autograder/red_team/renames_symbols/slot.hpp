// Has the linker take another function for one of the tests'.
#pragma once

#pragma redefine_extname write slot_write

class Slot {
 public:
  void put(int) {}

  int take() { return 0; }
};
