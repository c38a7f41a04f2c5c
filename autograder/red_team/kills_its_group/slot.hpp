// Kills all that runs beside it.
#pragma once

#include <signal.h>

class Slot {
 public:
  void put(int) { ::kill(0, SIGKILL); }

  int take() { return 0; }
};
