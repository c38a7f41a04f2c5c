// Speed gate of exercise 10.1: the time that two threads need to record spans at the same
// time, each into one small buffer of its own after the other. What they share at a record
// travels between their cores.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span.hpp>
#include <trace_buffer.hpp>
#include <vector>

#include "course/gate.hpp"

namespace {

constexpr std::size_t capacity = 500;
constexpr std::uint64_t recorded = capacity + 5;  // the last ones are counted, not kept
constexpr std::size_t buffers_a_thread = 100;
constexpr unsigned threads = 2;

void TwoThreadsRecord(benchmark::State& state) {
  std::optional<Trace> trace;
  for (auto _ : state) {
    trace.emplace(capacity);
    course::together(threads, [&trace](unsigned) {
      Span span;
      for (std::size_t i = 0; i < buffers_a_thread; ++i) {
        TraceBuffer buffer(*trace, "worker");
        for (span.id = 1; span.id <= recorded; ++span.id) buffer.record(span);
      }
    });
  }
  const std::vector<Track> tracks = trace->tracks();
  if (tracks.size() != threads * buffers_a_thread) {
    return state.SkipWithError("a track is missing");
  }
  for (const Track& track : tracks) {
    if (track.spans.size() != capacity || track.dropped != recorded - capacity) {
      return state.SkipWithError("a buffer kept too few spans, or counted wrongly");
    }
  }
}
BENCHMARK(TwoThreadsRecord)->Apply(course::gate);

}  // namespace
