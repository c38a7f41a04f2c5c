// Speed gate of exercise 7.3: the time that many jobs need through a line of three actors which
// do nothing, on one core, so that messages and credits are timed.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <exception>

#include "course/gate.hpp"
#include "job_line.hpp"

namespace {

constexpr std::uint64_t jobs = 2000;
constexpr std::size_t credits = 64;

void ThroughTheLine(benchmark::State& state) {
  const course::OnOneCore while_measuring;
  using Line = JobLine<std::uint64_t>;
  const auto add_one = [](std::uint64_t& job) { ++job; };
  for (auto _ : state) {
    std::uint64_t sum = 0;
    {
      Line line({add_one, add_one, add_one}, credits,
                [&](std::uint64_t job, const std::exception_ptr&) { sum += job; });
      for (std::uint64_t job = 0; job < jobs; ++job) line.submit(job);
    }
    if (sum != jobs * (jobs - 1) / 2 + 3 * jobs) {
      return state.SkipWithError("not every job came out, done by every part");
    }
  }
}
BENCHMARK(ThroughTheLine)->Apply(course::gate);

}  // namespace
