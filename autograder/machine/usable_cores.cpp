#include "machine/usable_cores.hpp"

#include <sched.h>

namespace course::machine {

unsigned usable_cores() noexcept {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (::sched_getaffinity(0, sizeof mask, &mask) != 0) return 1;
  return static_cast<unsigned>(CPU_COUNT(&mask));
}

}  // namespace course::machine
