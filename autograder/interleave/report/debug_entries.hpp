// Walking the entries of debug information, as libdw gives them.
#pragma once

#include <elfutils/libdw.h>

namespace interleave {

// Calls `visit` with each child of `die`.
template <typename Visit>
void for_each_child(Dwarf_Die die, Visit visit) {
  Dwarf_Die child;
  if (dwarf_child(&die, &child) != 0) return;
  do {
    visit(child);
  } while (dwarf_siblingof(&child, &child) == 0);
}

}  // namespace interleave
