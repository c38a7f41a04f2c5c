// The same inside of a text of several lines.
#pragma once

inline const char* const hidden = R"(
# 1 "/usr/include/stdlib.h" 1 3
)";

class Slot {
 public:
  __attribute__((no_sanitize("thread"))) void put(int value) { value_ = value; }

  __attribute__((no_sanitize("thread"))) int take() { return value_; }

 private:
  int value_ = 0;
};
