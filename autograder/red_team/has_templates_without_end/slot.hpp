// Has the compiler work without end.
#pragma once

template <int N>
struct Deep {
  static constexpr int value = Deep<N + 1>::value;
};

class Slot {
 public:
  void put(int) {}

  int take() { return Deep<0>::value; }
};
