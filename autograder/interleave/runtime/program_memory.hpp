// Where the program keeps what outlives a body: its variables, its stack, the C library's heap.
//
// Threads     None: one caller, the explorer.
#pragma once

#include <cstddef>
#include <vector>

#include "interleave/trace/operation.hpp"

namespace interleave {

struct AddressRange {
  Address begin = 0;
  std::size_t size = 0;

  [[nodiscard]] Address end() const { return begin + size; }
  [[nodiscard]] bool holds(Address address) const { return address - begin < size; }
};

struct Variables {
  // Of the program and the libraries; not of this one, whose variables are not the program's and
  // hold addresses of everything.
  std::vector<AddressRange> program;
  AddressRange loader;  // of what loads libraries and keeps a list of threads
};

// What can be written of all objects that are loaded now.
[[nodiscard]] const Variables& variables();

// 0 if it is not known.
[[nodiscard]] Address end_of_main_stack();

// The C library's heap, without the blocks that it asked the kernel for one by one.
[[nodiscard]] AddressRange heap_of_program();

}  // namespace interleave
