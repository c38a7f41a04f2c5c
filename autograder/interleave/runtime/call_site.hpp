// Where the program called the library that called the runtime.
//
//   program --call--> std::thread::join, in the library --call--> pthread_join, ours
//      ^                                 ^
//      the place that a picture shows    the return address that the hook sees
//
// The program's functions announce themselves (__tsan_func_entry), the library's do not, so
// the stack is unwound. Slow: only while a trace is kept.
#pragma once

#include <vector>

#include "interleave/runtime/thread.hpp"
#include "interleave/trace/operation.hpp"

namespace interleave {

// The innermost return address on the calling thread's stack that lies in the program
// itself, or 0 if `pc` does already or there is none.
[[nodiscard]] ProgramCounter call_site_of(ProgramCounter pc);

[[nodiscard]] bool is_in_program(ProgramCounter pc);

// Appends the return addresses of the functions that `self` is in, innermost first. Of a
// recursion that is deeper than anybody reads, the two ends: each step of a trace has a copy.
void append_callers(std::vector<ProgramCounter>& stack, const Thread& self);

// All return addresses of the program's functions that the calling thread is in, innermost
// first: `pc`, where the program called the library if it did, and its callers.
[[nodiscard]] std::vector<ProgramCounter> stack_at(const Thread& self, ProgramCounter pc);

}  // namespace interleave
