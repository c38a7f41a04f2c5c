// The machine and the moment of a measurement, in words: no number is shown without them.
#pragma once

#include <filesystem>
#include <string>

namespace course::experiments {

// "AMD EPYC 7B13, 2 cores, g++ 12.2.0": the processor, the cores that may really be used,
// and the compiler of the build tree. What cannot be read is left out.
[[nodiscard]] std::string machine_words(
    const std::filesystem::path& tree,
    const std::filesystem::path& cpuinfo = "/proc/cpuinfo");

// "2026-11-24", local time.
[[nodiscard]] std::string today();

}  // namespace course::experiments
