// Speed gate of exercise 1.1: the time a leader and a worker need for a batch of jobs
// that do nothing, so that only the queue is measured. Both stay on one core: there a batch
// costs the same in every process.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <optional>
#include <thread>

#include "course/gate.hpp"
#include "job_queue.hpp"

namespace {

constexpr std::size_t capacity = 64;
constexpr std::uint64_t jobs = 2000;
constexpr std::uint64_t sum_of_jobs = jobs * (jobs + 1) / 2;

// Pops until the queue is closed; returns the sum of what came.
std::uint64_t pop_all(JobQueue<std::uint64_t>& queue) {
  std::uint64_t sum = 0;
  while (const std::optional<std::uint64_t> job = queue.pop()) sum += *job;
  return sum;
}

void HandOver(benchmark::State& state) {
  const course::OnOneCore while_measuring;
  for (auto _ : state) {
    JobQueue<std::uint64_t> queue(capacity);
    std::uint64_t sum = 0;
    std::jthread worker([&] { sum = pop_all(queue); });
    for (std::uint64_t job = 1; job <= jobs; ++job) queue.push(job);
    queue.close();
    worker.join();
    if (sum != sum_of_jobs)
      return state.SkipWithError("the worker did not get every job once");
  }
}
BENCHMARK(HandOver)->Apply(course::gate);

}  // namespace
