// Brings a header with the name of one of the course's, found before it.
#pragma once

class Slot {
 public:
  void put(int) {}

  int take() { return 0; }
};
