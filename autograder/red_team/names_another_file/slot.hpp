// Has its lines counted as a system header's.
#pragma once

#include <mutex>

#line 1 "/usr/include/stdlib.h"

class Slot {
 public:
  __attribute__((no_sanitize("thread"))) void put(int value) { value_ = value; }

  __attribute__((no_sanitize("thread"))) int take() { return value_; }

 private:
  int value_ = 0;
};
