// Has AddressSanitizer look away.
#pragma once

class Slot {
 public:
  __attribute__((__no_sanitize_address__)) void put(int value) { value_ = value; }

  __attribute__((__no_sanitize_address__)) int take() { return value_; }

 private:
  int value_ = 0;
};
