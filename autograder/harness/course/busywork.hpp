// Work for jobs that are to take time and nothing else.
#pragma once

#include <cstdint>

namespace course {

// `value`, which must not be 0, after `steps` steps of one to two nanoseconds each. Any
// thread; allocates and locks nothing.
//
// Each step needs the one before. The shift is there for that: a chain of additions and
// multiplications alone is one of them, and Clang works out eight steps at once.
[[nodiscard]] inline std::uint64_t busywork(std::uint64_t value, int steps) noexcept {
  for (int step = 0; step < steps; ++step) {
    value = (value ^ (value >> 32)) * 6364136223846793005u;
  }
  return value;
}

}  // namespace course
