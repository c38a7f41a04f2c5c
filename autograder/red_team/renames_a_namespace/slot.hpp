// Reaches GoogleTest by another name.
#pragma once

#include <gtest/gtest.h>

namespace quiet = testing;

class Slot {
 public:
  void put(int) { quiet::GTEST_FLAG(filter) = "-*"; }

  int take() { return 0; }
};
