// The same in the words of the preprocessor's output.
#pragma once

# 1 "/usr/include/stdlib.h" 1 3

class Slot {
 public:
  __attribute__((no_sanitize("thread"))) void put(int value) { value_ = value; }

  __attribute__((no_sanitize("thread"))) int take() { return value_; }

 private:
  int value_ = 0;
};
