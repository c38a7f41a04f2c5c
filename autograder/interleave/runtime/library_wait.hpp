// Knows the loops of the standard library that count their looks for the sake of speed alone.
//
// atomic::wait, and with it latches, barriers and semaphores, looks at its value sixteen times
// before it sleeps. It counts them in a register that decides nothing else, so that one look
// more or less is no other behaviour, and the loop is as good as one that does not count.
//
// Threads     Called by the body's threads, of which one runs at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "interleave/runtime/thread.hpp"

namespace interleave {

// Whether the thread, which is at `pc`, is inside such a loop. The first question about a
// place reads the program's debug information: milliseconds.
[[nodiscard]] bool in_library_wait(const Thread& self, ProgramCounter pc);

struct KnownPlace {
  std::uint64_t stack = 0;  // a hash of the return addresses
  bool waits = false;
};

// The answers so far, for another process of the same program.
[[nodiscard]] const std::vector<KnownPlace>& known_places();
void learn_places(std::vector<KnownPlace> places);

}  // namespace interleave
