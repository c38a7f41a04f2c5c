// Has a pragma put the attribute on every function.
#pragma once

#pragma clang attribute push(__attribute__((no_sanitize("thread"))), apply_to = function)

class Slot {
 public:
  void put(int value) { value_ = value; }

  int take() { return value_; }

 private:
  int value_ = 0;
};

#pragma clang attribute pop
