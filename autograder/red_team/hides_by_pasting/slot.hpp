// Has ThreadSanitizer look away, in a word that no one wrote.
#pragma once

#define PASTE(left, right) __attribute__((left##right("thread")))

class Slot {
 public:
  PASTE(no_, sanitize) void put(int value) { value_ = value; }

  PASTE(no_, sanitize) int take() { return value_; }

 private:
  int value_ = 0;
};
