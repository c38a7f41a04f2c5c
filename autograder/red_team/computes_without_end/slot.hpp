// Has the compiler count without end.
#pragma once

constexpr int count() {
  int sum = 0;
  for (int step = 0; step >= 0; step = (step + 1) % 1000) sum ^= step;
  return sum;
}

class Slot {
 public:
  void put(int) {}

  int take() {
    constexpr int counted = count();
    return counted;
  }
};
