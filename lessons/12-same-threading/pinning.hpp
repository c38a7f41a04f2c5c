// Keeping a thread on one core, and saying whether that was allowed.
//
// Threads     Any thread, any function: each speaks of the calling thread.
#pragma once

#include <sched.h>

#include <vector>

// The cores on which the calling thread may run, in order; none if the system does not say.
[[nodiscard]] inline std::vector<unsigned> cores_allowed() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  std::vector<unsigned> cores;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return cores;
  for (unsigned core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &allowed)) cores.push_back(core);
  }
  return cores;
}

// Keeps the calling thread on `core`. False where that is not allowed: it stays where it was.
[[nodiscard]] inline bool pin_to(unsigned core) noexcept {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(core, &one);
  return ::sched_setaffinity(0, sizeof one, &one) == 0;
}
