// Keeping a thread on one core, where what is measured depends on which core that is.
#pragma once

#include <sched.h>

namespace course {

// Keeps the calling thread, and those it starts, on `core`. Where that is not allowed the
// thread stays where it may be.
inline void stay_on(unsigned core) noexcept {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(core, &one);
  ::sched_setaffinity(0, sizeof one, &one);
}

}  // namespace course
