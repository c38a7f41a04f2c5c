// Speed gates of exercise 2.3: the time that threads need to make additions to one counter,
// each as fast as it can. Where two of them share a cache line, an addition waits for the
// line to travel between their cores.
#include <benchmark/benchmark.h>

#include <cstdint>

#include "course/gate.hpp"
#include "striped_counter.hpp"

namespace {

// Long enough that starting the threads does not count.
constexpr std::int64_t additions = 6'400'000;

void add_by(unsigned threads, benchmark::State& state) {
  const std::int64_t each = additions / threads;
  for (auto _ : state) {
    // Begins with a cache line, so that neighbours which are not kept apart lie on one.
    alignas(64) StripedCounter counter;
    course::together(threads, [&](unsigned) {
      for (std::int64_t i = 0; i < each; ++i) counter.add(1);
    });
    if (counter.value() != each * threads) {
      return state.SkipWithError("the counter lost additions");
    }
  }
}

void TwoThreadsAdd(benchmark::State& state) { add_by(2, state); }
BENCHMARK(TwoThreadsAdd)->Apply(course::gate);

void MoreThreads(benchmark::State& state) { add_by(course::threads(), state); }
BENCHMARK(MoreThreads)->Apply(course::gate);

}  // namespace
