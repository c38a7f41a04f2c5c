// Asks the compiler for more memory than a machine has.
#pragma once

#include <utility>

template <std::size_t... Numbers>
constexpr std::size_t count(std::index_sequence<Numbers...>) {
  return sizeof...(Numbers);
}
static_assert(count(std::make_index_sequence<250'000'000>()) > 0);

class Slot {
 public:
  void put(int value) { value_ = value; }
  int take() { return value_; }

 private:
  int value_ = 0;
};
