// What differs from processor to processor, in one file for each: how threads are switched, how
// a signal's context and the unwinder's registers are read, where in memory a body's heap and
// stacks lie. On a machine that has no such file a build ends here.
#pragma once

#if defined(__x86_64__) && defined(__linux__)
#include "interleave/runtime/machine/x86_64.hpp"
#elif defined(__aarch64__) && defined(__linux__)
#include "interleave/runtime/machine/arm64.hpp"
#else
#error \
    "interleave: chosen schedules need Linux on x86-64 or arm64; link interleave::stress here"
#endif
