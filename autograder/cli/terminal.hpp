// What the commands may assume of the terminal.
#pragma once

#include <cstddef>
#include <cstdio>

#include "cli/commands.hpp"

namespace course::cli {

// Whether what is written to `stream` is to be coloured: as asked for, else on a terminal
// that is not dumb where NO_COLOR is not set.
[[nodiscard]] bool coloured(Colour wanted, std::FILE* stream = stdout);

// Of the terminal that standard output is, in columns; 0 where it is none.
[[nodiscard]] std::size_t terminal_width();

}  // namespace course::cli
