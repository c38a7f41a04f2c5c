// Lesson 1's benchmarks: the reference beside what a C++ programmer would otherwise use,
// for jobs of a millisecond and jobs of a microsecond. The y axis is jobs per second.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <vector>

#include "course/busywork.hpp"
#include "parallel_workers.hpp"

#if COURSE_HAS_TBB
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>
#endif

namespace {

// The length of a job, and how many make a batch.
struct Grain {
  int steps;
  int jobs;
};
constexpr Grain coarse{600'000, 16};
constexpr Grain fine{600, 2'000};

// Takes about a microsecond for each 600 steps.
std::uint64_t do_job(int steps) {
  const std::uint64_t value = course::busywork(1, steps);
  benchmark::DoNotOptimize(value);
  return value;
}

void tell_jobs_per_second(benchmark::State& state, Grain grain) {
  state.SetItemsProcessed(state.iterations() * grain.jobs);
}

void one_thread(benchmark::State& state, Grain grain) {
  for (auto _ : state) {
    for (int job = 0; job < grain.jobs; ++job) do_job(grain.steps);
  }
  tell_jobs_per_second(state, grain);
}

void reference(benchmark::State& state, Grain grain) {
  ParallelWorkers<std::uint64_t> workers(static_cast<unsigned>(state.range(0)));
  std::vector<std::future<std::uint64_t>> results;
  for (auto _ : state) {
    for (int job = 0; job < grain.jobs; ++job) {
      results.push_back(workers.submit([grain] { return do_job(grain.steps); }));
    }
    for (auto& result : results) result.get();
    results.clear();
  }
  tell_jobs_per_second(state, grain);
}

// A thread for each job, however many there are: std::async knows no number of workers.
void std_async(benchmark::State& state, Grain grain) {
  std::vector<std::future<std::uint64_t>> results;
  for (auto _ : state) {
    for (int job = 0; job < grain.jobs; ++job) {
      results.push_back(std::async(std::launch::async, do_job, grain.steps));
    }
    for (auto& result : results) result.get();
    results.clear();
  }
  tell_jobs_per_second(state, grain);
}

#if COURSE_HAS_OPENMP
void openmp_tasks(benchmark::State& state, Grain grain) {
  const int threads = static_cast<int>(state.range(0));
  for (auto _ : state) {
#pragma omp parallel num_threads(threads)
#pragma omp single
    for (int job = 0; job < grain.jobs; ++job) {
#pragma omp task
      do_job(grain.steps);
    }
  }
  tell_jobs_per_second(state, grain);
}
#endif

#if COURSE_HAS_TBB
void one_tbb(benchmark::State& state, Grain grain) {
  tbb::task_arena arena(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    arena.execute([grain] {
      tbb::task_group group;
      for (int job = 0; job < grain.jobs; ++job) {
        group.run([grain] { do_job(grain.steps); });
      }
      group.wait();
    });
  }
  tell_jobs_per_second(state, grain);
}
#endif

void for_workers(benchmark::internal::Benchmark* plot) {
  plot->ArgName("workers")->Arg(1)->Arg(2)->Arg(4)->UseRealTime();
}

BENCHMARK_CAPTURE(one_thread, coarse, coarse)
    ->Name("Jobs of a millisecond/one thread")
    ->Apply(for_workers);
BENCHMARK_CAPTURE(reference, coarse, coarse)
    ->Name("Jobs of a millisecond/reference")
    ->Apply(for_workers);
BENCHMARK_CAPTURE(std_async, coarse, coarse)
    ->Name("Jobs of a millisecond/std::async")
    ->Apply(for_workers);
#if COURSE_HAS_OPENMP
BENCHMARK_CAPTURE(openmp_tasks, coarse, coarse)
    ->Name("Jobs of a millisecond/OpenMP tasks")
    ->Apply(for_workers);
#endif
#if COURSE_HAS_TBB
BENCHMARK_CAPTURE(one_tbb, coarse, coarse)
    ->Name("Jobs of a millisecond/oneTBB")
    ->Apply(for_workers);
#endif

BENCHMARK_CAPTURE(one_thread, fine, fine)
    ->Name("Jobs of a microsecond/one thread")
    ->Apply(for_workers);
BENCHMARK_CAPTURE(reference, fine, fine)
    ->Name("Jobs of a microsecond/reference")
    ->Apply(for_workers);
BENCHMARK_CAPTURE(std_async, fine, fine)
    ->Name("Jobs of a microsecond/std::async")
    ->Apply(for_workers);
#if COURSE_HAS_OPENMP
BENCHMARK_CAPTURE(openmp_tasks, fine, fine)
    ->Name("Jobs of a microsecond/OpenMP tasks")
    ->Apply(for_workers);
#endif
#if COURSE_HAS_TBB
BENCHMARK_CAPTURE(one_tbb, fine, fine)
    ->Name("Jobs of a microsecond/oneTBB")
    ->Apply(for_workers);
#endif

}  // namespace
