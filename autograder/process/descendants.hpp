// The processes below this one, and how they are ended.
//
// Threads     Any.
#pragma once

#include <sys/types.h>

#include <set>
#include <vector>

namespace course::process {

// The direct children of a process, whichever of its threads started them. Empty where the
// kernel does not tell.
[[nodiscard]] std::vector<pid_t> children_of(pid_t process);

// Sends SIGKILL to all below `process` and to its own group. What is started meanwhile comes
// to the nearest process that adopts orphans.
void kill_tree(pid_t process);

// Kills the children of this process, but for those in `spare`, with all below them, and reaps
// those that are gone. Returns whether there were any: orphans of what was killed come up only
// once it is gone, so that it takes several calls until there are none.
bool end_children(const std::set<pid_t>& spare);

}  // namespace course::process
