// Calls itself without end.
#pragma once

class Slot {
 public:
  void put(int value) { value_ = depth(value) + 1; }

  int take() { return value_; }

 private:
  static int depth(int value) {  // NOLINT: without end
    volatile int here[1024] = {value};
    return depth(here[0]) + here[1];
  }

  int value_ = 0;
};
