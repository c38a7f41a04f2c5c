// Runs a command so that nothing which it starts can outlive it, however it ends.
//
//      keep ──fork──▶ guard ──fork──▶ work
//       │               │
//       │               └ the first process of a namespace of its own, where that is allowed:
//       │                 when it dies, the kernel ends everything in it
//       └ hands signals on, says how it ended
//
// Threads     `keep` once, from main, before there is any other thread.
//
// Invariants
//   I1  When `keep` returns, no process that `work` started is left.
//   I2  Killing any one of the three by any signal ends the other two, and I1 holds.
//   I3  A signal that stops the command ends `work` at once: it says nothing after it.
#pragma once

#include <functional>

namespace course::process {

// Returns what `work` returned; ends this process by the signal that stopped it. Says on
// standard error how it ended, where it did not end by itself, and returns `status_if_killed`
// if it was not asked to end. Blocks.
int keep(const std::function<int()>& work, int status_if_killed);

// Opens those of the descriptors 0, 1 and 2 that are closed, so that no file takes their place
// by chance: nothing can be read from them, and writing to them fails.
void open_standard_descriptors() noexcept;

}  // namespace course::process
