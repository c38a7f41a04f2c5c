// The stack of every thread of a running process, for a message to the person whose code
// does not come to an end.
#pragma once

#include <sys/types.h>

#include <string>

namespace course::grader {

// From gdb where it is installed and may attach, else what the kernel tells about each
// thread: its name, and what it waits in. Stops the process while it looks; blocks for at
// most ten seconds.
[[nodiscard]] std::string stacks_of(pid_t process);

}  // namespace course::grader
