// What a test leaves running: a daemon of its own session too.
//
// Threads     The main thread, once the tests are over.
// Blocks      A fifth of a second, where something is left that may be ending by itself.
#pragma once

namespace course {

// From now on a process whose parent has ended becomes this one's child.
void adopt_what_is_left() noexcept;

// Ends every process that is this one's child and still running. How many there were.
[[nodiscard]] int end_what_is_left();

}  // namespace course
