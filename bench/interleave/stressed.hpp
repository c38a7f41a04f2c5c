// What a stressed child tells the process that watches it: a page that both have mapped.
#pragma once

#include <atomic>
#include <cstdint>

namespace stress {

// The descriptor that the page is inherited by.
inline constexpr int kPageDescriptor = 3;

enum class Stage : std::uint32_t { kStarting, kRunning, kCheckFailed };

// Times are CLOCK_MONOTONIC's nanoseconds, which all processes share. Written by the child.
struct Page {
  std::atomic<Stage> stage{Stage::kStarting};
  std::atomic<std::uint64_t> runs{0};        // that have ended
  std::atomic<std::uint64_t> began{0};       // the first run
  std::atomic<std::uint64_t> last_ended{0};  // the last run so far, or the failed check
};

}  // namespace stress
