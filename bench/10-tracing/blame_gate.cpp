// Speed gate of exercise 10.2: the time to find out which span broke a job that went a long
// way, in a long trace. Looking through the trace for each cause takes far longer.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <blame.hpp>
#include <cstdint>
#include <random>
#include <span.hpp>
#include <vector>

#include "course/gate.hpp"

namespace {

constexpr std::uint64_t jobs = 4;
constexpr std::uint64_t stages = 500;
constexpr std::uint64_t guilty = 3;

// Spans of `jobs` jobs, in no order. Each is wrong from the stage `guilty` on.
std::vector<Span> long_trace() {
  std::vector<Span> trace;
  for (std::uint64_t job = 1; job <= jobs; ++job) {
    for (std::uint64_t stage = 1; stage <= stages; ++stage) {
      Span span;
      span.job = job;
      span.id = job << 16 | stage;
      span.cause = stage == 1 ? 0 : span.id - 1;
      span.stage = "stage";
      span.gave = stage >= guilty ? 1 : 0;
      trace.push_back(span);
    }
  }
  std::shuffle(trace.begin(), trace.end(), std::mt19937(1));
  return trace;
}

void ALongWay(benchmark::State& state) {
  const std::vector<Span> trace = long_trace();
  const std::uint64_t shown = std::uint64_t{3} << 16 | stages;
  for (auto _ : state) {
    const Blame found =
        blame(trace, shown, [](const Span& span) { return span.gave == 0; });
    if (!found.broke || found.broke->id != (std::uint64_t{3} << 16 | guilty)) {
      return state.SkipWithError("the wrong span was blamed");
    }
  }
}
BENCHMARK(ALongWay)->Apply(course::gate);

}  // namespace
