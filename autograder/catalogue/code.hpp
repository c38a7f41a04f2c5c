// What a compiler takes of a source file, found without one.
#pragma once

#include <cstddef>
#include <filesystem>
#include <regex>
#include <string>
#include <string_view>

namespace course {

// `text` with blanks for its comments, for what stands between quotes, and for what `#if 0`
// leaves out. Its lines are where they were.
[[nodiscard]] std::string code_of(std::string_view text);

// The number, from 1, of the first line of `file`'s code in which `word` is found; 0 if none has
// it, or there is no such file.
[[nodiscard]] int first_line_with(const std::regex& word,
                                  const std::filesystem::path& file);

// The number, from 1, of the line that holds the character at `at`.
[[nodiscard]] std::size_t line_at(std::string_view text, std::size_t at);

}  // namespace course
