// Defines what the tests check with.
#pragma once

#include "interleave/interleave.hpp"

void interleave::check(bool, std::string_view, Location) {}

class Slot {
 public:
  void put(int) {}

  int take() { return 0; }
};
