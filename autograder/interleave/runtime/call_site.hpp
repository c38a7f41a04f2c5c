// Where the program called the library that called the runtime.
//
//   program --call--> std::thread::join, in the library --call--> pthread_join, ours
//      ^                                 ^
//      the place that a picture shows    the return address that the hook sees
//
// The program's functions announce themselves (__tsan_func_entry), the library's do not, so
// the stack is unwound. Slow: only while a trace is kept.
#pragma once

#include "interleave/trace/operation.hpp"

namespace interleave {

// The innermost return address on the calling thread's stack that lies in the program
// itself, or 0 if `pc` does already or there is none.
[[nodiscard]] ProgramCounter call_site_of(ProgramCounter pc);

}  // namespace interleave
