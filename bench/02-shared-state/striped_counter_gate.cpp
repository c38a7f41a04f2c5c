// Speed gates of exercise 2.3: the time that threads need to make additions to one counter,
// each as fast as it can. Where two of them share a cache line, an addition waits for the
// line to travel between their cores.
//
// An addition is over when all cores can see it: a fence stands behind each. Without it some
// processors gather the additions of a loop in their store buffers while the line is away,
// and hide there what a program that does anything else between two of them would pay.
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdint>

#include "course/gate.hpp"
#include "striped_counter.hpp"

namespace {

// Long enough that starting the threads does not count.
constexpr std::int64_t additions = 1'600'000;

void add_by(unsigned threads, benchmark::State& state) {
  const std::int64_t each = additions / threads;
  for (auto _ : state) {
    // Begins with a cache line, so that neighbours which are not kept apart lie on one.
    alignas(64) StripedCounter counter;
    course::together(threads, [&](unsigned) {
      for (std::int64_t i = 0; i < each; ++i) {
        counter.add(1);
        std::atomic_thread_fence(std::memory_order_seq_cst);  // the store buffer is empty
      }
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
