// A starter: nothing is written yet. What the tests call first does not stand first.
#pragma once

#include "course/todo.hpp"

class Slot {
 public:
  int take() { course::todo(1, value_); }
  void put(int value) { course::todo(1, value, value_); }

 private:
  int value_ = 0;
};
