// Says what terminals and workflows obey.
#pragma once

#include <stdexcept>
#include <string>

class Slot {
 public:
  void put(int) {
    throw std::runtime_error(
        "\n::error::passed\n\033[2J\033]0;passed\007 \x9b \xff ##[add-mask] \u202E");
  }

  int take() { return 0; }
};
