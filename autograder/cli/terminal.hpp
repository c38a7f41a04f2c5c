// What the commands may assume of the terminal.
#pragma once

#include "cli/commands.hpp"

namespace course::cli {

// Whether standard output is to be coloured: as asked for, else on a terminal where NO_COLOR
// is not set.
[[nodiscard]] bool coloured(Colour wanted);

}  // namespace course::cli
