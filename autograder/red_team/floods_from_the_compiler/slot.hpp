// Includes itself twice, and each copy twice again: a warning from each of half a million.
#if __INCLUDE_LEVEL__ < 19
#warning a line of output for every copy of this file that the compiler is made to read, and more
// clang-format off
#include "slot.hpp"
#include "slot.hpp"
// clang-format on
#endif

#ifndef SLOT
#define SLOT
class Slot {
 public:
  void put(int value) { value_ = value; }
  int take() { return value_; }

 private:
  int value_ = 0;
};
#endif
