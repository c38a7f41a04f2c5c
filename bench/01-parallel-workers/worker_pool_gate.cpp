// Speed gates of exercise 1.2: the time that a pool's workers need for a batch of jobs of
// some fifteen microseconds each. A pool that runs one job at a time needs twice as long on two
// cores, and gains nothing from a second worker.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <future>
#include <vector>

#include "course/busywork.hpp"
#include "course/gate.hpp"
#include "worker_pool.hpp"

namespace {

constexpr std::uint64_t jobs = 64;

std::uint64_t result_of(std::uint64_t job) { return course::busywork(job + 1, 10'000); }

std::uint64_t sum_one_by_one() {
  std::uint64_t sum = 0;
  for (std::uint64_t job = 0; job < jobs; ++job) sum += result_of(job);
  return sum;
}

std::uint64_t sum_by(WorkerPool& pool) {
  std::vector<std::future<std::uint64_t>> results;
  for (std::uint64_t job = 0; job < jobs; ++job) {
    results.push_back(pool.submit([job] {
      course::keep_to_one_core();
      return result_of(job);
    }));
  }
  // The last one first: this thread is then woken once and not by every job, and takes no
  // time from the workers.
  results.back().wait();
  std::uint64_t sum = 0;
  for (auto& result : results) sum += result.get();
  return sum;
}

void run_batches(benchmark::State& state) {
  const std::uint64_t expected = sum_one_by_one();
  WorkerPool pool(course::threads());
  sum_by(pool);  // workers that have just been started have yet to reach their cores
  for (auto _ : state) {
    if (sum_by(pool) != expected)
      return state.SkipWithError("a future gave a wrong result");
  }
}

void CoarseJobs(benchmark::State& state) { run_batches(state); }
BENCHMARK(CoarseJobs)->Apply(course::gate);

void MoreWorkers(benchmark::State& state) { run_batches(state); }
BENCHMARK(MoreWorkers)->Apply(course::gate);

}  // namespace
