// The same as an attribute of C++.
#pragma once

class Slot {
 public:
  [[gnu::no_sanitize_thread]] void put(int value) { value_ = value; }

  [[gnu::no_sanitize_thread]] int take() { return value_; }

 private:
  int value_ = 0;
};
