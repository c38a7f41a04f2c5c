// Speed gate of exercise 10.1: the time that two threads need to record spans at the same
// time, each into a buffer of its own. What they share travels between their cores. Most
// spans find a full buffer: memory that is touched anew would be most of the time.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <span.hpp>
#include <trace_buffer.hpp>
#include <vector>

#include "course/gate.hpp"

namespace {

constexpr std::size_t capacity = 4'000;
constexpr std::uint64_t recorded = 100'000;  // most of them are counted, not kept
constexpr unsigned threads = 2;

void TwoThreadsRecord(benchmark::State& state) {
  for (auto _ : state) {
    Trace trace(capacity);
    std::vector<TraceBuffer> buffers;
    for (unsigned i = 0; i < threads; ++i) buffers.emplace_back(trace, "worker");
    course::together(threads, [&buffers](unsigned thread) {
      Span span;
      for (span.id = 1; span.id <= recorded; ++span.id) buffers[thread].record(span);
    });
    for (const Track& track : trace.tracks()) {
      if (track.spans.size() != capacity || track.dropped != recorded - capacity) {
        return state.SkipWithError("a buffer kept too few spans, or counted wrongly");
      }
    }
  }
}
BENCHMARK(TwoThreadsRecord)->Apply(course::gate);

}  // namespace
