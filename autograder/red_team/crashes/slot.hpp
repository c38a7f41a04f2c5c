// Follows a null pointer.
#pragma once

class Slot {
 public:
  void put(int value) { *there_ = value; }

  int take() { return *there_; }

 private:
  int* volatile there_ = nullptr;
};
