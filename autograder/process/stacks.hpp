// The stack of every thread of a running process, for a message to the person whose code
// does not end.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace course::process {

// From gdb where it is installed and may attach, else what the kernel tells about each
// thread: its name, and what it waits in. Stops the process while it looks; blocks for at
// most ten seconds.
[[nodiscard]] std::string stacks_of(pid_t process);

// A place in one of the files that were asked for.
struct Frame {
  std::string function;
  std::string file;  // as the debugger named it
  int line = 0;
};

// What one thread was doing there, innermost call first.
struct ThreadFrames {
  std::string thread;  // "the main thread" or "thread 2"
  std::vector<Frame> frames;
};

// The threads of `stacks` (from `stacks_of`) that are inside a file named in `file_names`
// ("slot.hpp"), with those of their calls alone, the main thread first. Empty where nothing
// but the kernel told.
[[nodiscard]] std::vector<ThreadFrames> frames_in(
    const std::string& stacks, const std::vector<std::string>& file_names);

}  // namespace course::process
