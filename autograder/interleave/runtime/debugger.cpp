#include "interleave/runtime/debugger.hpp"

// The empty statement is an effect, as far as the compiler knows, so the call stays.
extern "C" __attribute__((visibility("default"), noinline)) void interleave_at_step() {
  asm volatile("" : : : "memory");
}
