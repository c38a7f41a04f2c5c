// Includes a file that is no header of the system.
#pragma once

#include </dev/null>

class Slot {
 public:
  void put(int) {}

  int take() { return 0; }
};
