// How many cores this process may really use, and which of them speed is measured on.
//
// In each, `root` stands before every system path, for tests; an unreadable limit counts as
// none. None of them blocks.
#pragma once

#include <filesystem>
#include <vector>

namespace course::machine {

// Numbers of the logical cores in this thread's affinity mask, ascending, never empty.
[[nodiscard]] std::vector<unsigned> allowed_cores();

// min(cores in the affinity mask, floor(control-group quota / period)), at least 1. Reads
// control groups of version 1 and 2, from this group up to the root.
[[nodiscard]] unsigned usable_cores() noexcept;

// `usable_cores` for another mask than this thread's.
[[nodiscard]] unsigned usable_cores(const std::vector<unsigned>& allowed,
                                    const std::filesystem::path& root = "/");

// The cores to measure speed on: one logical core of each physical one, since two on the
// same one slow each other, and no more than the quota grants. Never empty.
[[nodiscard]] std::vector<unsigned> gate_cores(
    const std::vector<unsigned>& allowed = allowed_cores(),
    const std::filesystem::path& root = "/");

}  // namespace course::machine
