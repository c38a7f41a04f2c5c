// What a student's program or file says, made so that it can be shown: a terminal, a log or a
// runner of workflows that reads it sees text, and obeys nothing in it.
//
//      ESC [ 2 J        \x1b[2J         a terminal's command
//      0xFF             \xff            no UTF-8
//      U+202E           \u{202e}        turns the direction of what follows
//      ::error::        \::error::      a workflow's command; ##[error] likewise
#pragma once

#include <string>
#include <string_view>

namespace course::reading {

// `text` with U+FFFD for each byte that is no UTF-8.
[[nodiscard]] std::string readable(std::string_view text);

// `text` with all of the above written out. Line ends and tabs stay.
[[nodiscard]] std::string harmless(std::string_view text);

}  // namespace course::reading
