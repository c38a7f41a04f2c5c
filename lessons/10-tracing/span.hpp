// One piece of a job's way through a line: what one stage did to it, once.
#pragma once

#include <chrono>
#include <cstdint>

//> region span
struct Span {
  std::uint64_t job = 0;    // whose
  std::uint64_t id = 0;     // this piece of work's own: no other span of the trace has it
  std::uint64_t cause = 0;  // the span that led to this one; 0: none did
  const char* stage = "";   // text that outlives the trace, such as a literal
  unsigned attempt = 1;     // 2 if the first gave nothing, and is the cause; and so on
  bool threw = false;       // the stage threw: it gave nothing
  std::uint64_t gave = 0;   // what it gave, or a fingerprint of that
  std::int64_t begin = 0;   // nanoseconds, by the clock of the thread that did it
  std::int64_t end = 0;
};
//<

static_assert(sizeof(Span) == 64, "a span is one cache line");

// Nanoseconds by this machine's steady clock, which all its threads share.
[[nodiscard]] inline std::int64_t now_in_nanoseconds() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}
