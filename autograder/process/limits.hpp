// Whether a limit of the shell's (`ulimit`), and not what it did itself, ended a child.
#pragma once

#include <string>

#include "process/process.hpp"

namespace course::process {

// The limit, and the command that lifts it; empty where no limit of this shell's ended the
// child.
[[nodiscard]] std::string limit_that_ended(const Outcome& outcome);

}  // namespace course::process
