// Brings a main of its own.
#pragma once

class Slot {
 public:
  void put(int) {}

  int take() { return 0; }
};

int main() { return 0; }
