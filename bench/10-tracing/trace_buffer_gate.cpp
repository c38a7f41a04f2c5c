// Speed gate of exercise 10.1: the time that two threads need to record spans at the same
// time, each into a buffer of its own. What they share travels between their cores.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <span.hpp>
#include <trace_buffer.hpp>
#include <vector>

#include "course/gate.hpp"

namespace {

constexpr std::size_t capacity = 4'000;
constexpr std::uint64_t rounds = 40;
constexpr unsigned threads = 2;

void TwoThreadsRecord(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    Trace trace(capacity);
    std::vector<std::vector<TraceBuffer>> buffers(threads);
    for (std::uint64_t round = 0; round < rounds; ++round) {
      for (auto& of_thread : buffers) of_thread.emplace_back(trace, "worker");
    }
    state.ResumeTiming();
    course::together(threads, [&](unsigned thread) {
      Span span;
      for (TraceBuffer& buffer : buffers[thread]) {
        // Some more than there is room for: these are counted.
        for (span.id = 1; span.id <= capacity + 10; ++span.id) buffer.record(span);
      }
    });
    state.PauseTiming();
    for (const Track& track : trace.tracks()) {
      if (track.spans.size() != capacity || track.dropped != 10) {
        return state.SkipWithError("a buffer kept too few spans, or counted wrongly");
      }
    }
    state.ResumeTiming();
  }
}
BENCHMARK(TwoThreadsRecord)->Apply(course::gate);

}  // namespace
