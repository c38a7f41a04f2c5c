// Defines what the tests check with so that no symbol of it is left.
#pragma once

#include "interleave/interleave.hpp"

namespace interleave {
[[gnu::always_inline]] inline void check(bool, std::string_view, Location) {}
}  // namespace interleave

class Slot {
 public:
  void put(int) {}

  int take() { return 0; }
};
