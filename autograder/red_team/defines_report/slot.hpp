// Defines what the results are reported with.
#pragma once

#include <string_view>

namespace course {
void report(std::string_view) noexcept {}
}  // namespace course

class Slot {
 public:
  void put(int) {}

  int take() { return 0; }
};
