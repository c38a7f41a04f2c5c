// Hints: one at a time, from a nudge to nearly the answer. What was shown is remembered in
// .course/hints.json.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "catalogue/manifest.hpp"

namespace course::student {

// How many of an exercise's hints were shown; 0 when none was, or when nothing is remembered.
[[nodiscard]] std::size_t hints_shown(const std::filesystem::path& root,
                                      const Exercise& exercise);

// Remembers that one more was shown, up to the last; returns how many now are. Throws
// std::runtime_error when it cannot be written.
std::size_t show_another_hint(const std::filesystem::path& root,
                              const Exercise& exercise);

}  // namespace course::student
