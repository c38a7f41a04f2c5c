// A thread's registers and stack as one number, to tell whether it is where it was a round ago.
//
//   [ the runtime's frames | frame that called the hook | ... | the thread's first frame ]
//                            ^ its registers, and the stack from here on ------------->
//
// What a function may not rely on after a call is no part of it: only the registers that the
// callee must preserve. Slow (a microsecond): asked only where a thread repeats itself.
#pragma once

#include <cstdint>

#include "interleave/trace/operation.hpp"

namespace interleave {

// Of the calling thread, whose stack ends at `stack_end`, seen from the frame that the hook's
// call returns to at `pc`. 0 if there is no such frame.
[[nodiscard]] std::uint64_t frame_state(ProgramCounter pc, Address stack_end);

}  // namespace interleave
