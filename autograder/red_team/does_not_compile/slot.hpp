// Does not compile, and floods its reader with templates.
#pragma once

#include <algorithm>
#include <mutex>
#include <vector>

class Slot {
 public:
  void put(int value) {
    std::vector<Slot*> all;
    std::sort(all.begin(), value);
  }

  int take() { return value_ }

 private:
  std::mutex mutex_;
  int value_ = 0;
};
