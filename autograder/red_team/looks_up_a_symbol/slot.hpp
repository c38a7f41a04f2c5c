// Asks the linker whether a sanitizer is there.
#pragma once

#include <dlfcn.h>

class Slot {
 public:
  void put(int value) {
    if (::dlsym(nullptr, "_exit") != nullptr) value_ = value;
  }

  int take() { return value_; }

 private:
  int value_ = 0;
};
