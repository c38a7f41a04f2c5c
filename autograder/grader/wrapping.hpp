// Text in lines that a terminal of 80 columns and 24 lines does not break, nor scrolls away.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace course::grader {

inline constexpr std::size_t columns_shown = 80;

// The last of a terminal's 24 is the prompt's.
inline constexpr std::size_t lines_in_view = 23;

// How many columns `text`, in UTF-8, takes on a terminal.
[[nodiscard]] std::size_t columns_of(std::string_view text);

// Breaks `text` between words, each line behind `indent` spaces and ended. A word longer than
// a line, such as a command, has a line of its own and is not cut.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t indent);

// Every line of `text` behind `indent` spaces; those that are longer than a line are cut and end
// in "…".
[[nodiscard]] std::vector<std::string> folded(std::string_view text, std::size_t indent);

// The source at that line, trimmed and cut to what fits behind its place; empty if there is none.
[[nodiscard]] std::string source_at(const std::filesystem::path& file, int line);

}  // namespace course::grader
