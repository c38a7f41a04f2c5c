// Lesson 1's benchmarks: the reference beside what a C++ programmer would otherwise use,
// for jobs of a millisecond and jobs of a microsecond. All of them keep each job's result.
//
// Who works differs, and so do the bars for one worker: the reference's leader only waits,
// OpenMP's and oneTBB's caller is one of the workers, and std::async knows no workers: it
// starts a thread for each job, on all cores.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <future>
#include <stdexcept>
#include <thread>
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
  std::size_t jobs;
};
constexpr Grain coarse{600'000, 16};
constexpr Grain fine{600, 2'000};

using Results = std::vector<std::uint64_t>;

// Takes about a microsecond for each 600 steps.
std::uint64_t do_job(int steps) { return course::busywork(1, steps); }

// Measures `batch`, which does all jobs of a grain and fills in their results.
template <typename Batch>
void measure(benchmark::State& state, Grain grain, Batch batch) {
  const std::uint64_t expected = do_job(grain.steps);
  for (auto _ : state) {
    Results results(grain.jobs);
    batch(results);
    for (const std::uint64_t result : results) {
      if (result != expected) throw std::logic_error("a job's result is wrong");
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(grain.jobs));
  state.SetLabel("jobs per second");
}

void one_thread(benchmark::State& state, Grain grain) {
  measure(state, grain, [&](Results& results) {
    for (auto& result : results) {
      int steps = grain.steps;
      benchmark::DoNotOptimize(steps);  // or the job is done once for all
      result = do_job(steps);
    }
  });
}

// Collects the results of jobs that `submit` hands to others.
template <typename Submit>
void collect(Results& results, Submit submit) {
  std::vector<std::future<std::uint64_t>> futures;
  for (std::size_t job = 0; job < results.size(); ++job) futures.push_back(submit());
  for (std::size_t job = 0; job < results.size(); ++job)
    results[job] = futures[job].get();
}

void reference(benchmark::State& state, Grain grain) {
  ParallelWorkers<std::uint64_t> workers(static_cast<unsigned>(state.range(0)));
  measure(state, grain, [&](Results& results) {
    collect(results,
            [&] { return workers.submit([grain] { return do_job(grain.steps); }); });
  });
}

void std_async(benchmark::State& state, Grain grain) {
  measure(state, grain, [&](Results& results) {
    collect(results, [&] { return std::async(std::launch::async, do_job, grain.steps); });
  });
}

#if COURSE_HAS_OPENMP
void openmp_tasks(benchmark::State& state, Grain grain) {
  const int threads = static_cast<int>(state.range(0));
  measure(state, grain, [&](Results& results) {
#pragma omp parallel num_threads(threads)
#pragma omp single
    for (std::size_t job = 0; job < results.size(); ++job) {
#pragma omp task firstprivate(job)
      results[job] = do_job(grain.steps);
    }
  });
}
#endif

#if COURSE_HAS_TBB
void one_tbb(benchmark::State& state, Grain grain) {
  tbb::task_arena arena(static_cast<int>(state.range(0)));
  measure(state, grain, [&](Results& results) {
    arena.execute([&] {
      tbb::task_group group;
      for (auto& result : results) {
        group.run([&result, grain] { result = do_job(grain.steps); });
      }
      group.wait();
    });
  });
}
#endif

void for_workers(benchmark::internal::Benchmark* plot) {
  plot->ArgName("workers")->Arg(1)->Arg(2)->Arg(4)->UseRealTime();
}

void on_all_cores(benchmark::internal::Benchmark* plot) {
  plot->ArgName("workers")->Arg(std::thread::hardware_concurrency())->UseRealTime();
}

BENCHMARK_CAPTURE(one_thread, coarse, coarse)
    ->Name("Jobs of a millisecond/one thread")
    ->Apply(for_workers);
BENCHMARK_CAPTURE(reference, coarse, coarse)
    ->Name("Jobs of a millisecond/reference")
    ->Apply(for_workers);
BENCHMARK_CAPTURE(std_async, coarse, coarse)
    ->Name("Jobs of a millisecond/std::async, a thread for each job")
    ->Apply(on_all_cores);
#if COURSE_HAS_OPENMP
BENCHMARK_CAPTURE(openmp_tasks, coarse, coarse)
    ->Name("Jobs of a millisecond/OpenMP tasks, the caller helps")
    ->Apply(for_workers);
#endif
#if COURSE_HAS_TBB
BENCHMARK_CAPTURE(one_tbb, coarse, coarse)
    ->Name("Jobs of a millisecond/oneTBB, the caller helps")
    ->Apply(for_workers);
#endif

BENCHMARK_CAPTURE(one_thread, fine, fine)
    ->Name("Jobs of a microsecond/one thread")
    ->Apply(for_workers);
BENCHMARK_CAPTURE(reference, fine, fine)
    ->Name("Jobs of a microsecond/reference")
    ->Apply(for_workers);
BENCHMARK_CAPTURE(std_async, fine, fine)
    ->Name("Jobs of a microsecond/std::async, a thread for each job")
    ->Apply(on_all_cores);
#if COURSE_HAS_OPENMP
BENCHMARK_CAPTURE(openmp_tasks, fine, fine)
    ->Name("Jobs of a microsecond/OpenMP tasks, the caller helps")
    ->Apply(for_workers);
#endif
#if COURSE_HAS_TBB
BENCHMARK_CAPTURE(one_tbb, fine, fine)
    ->Name("Jobs of a microsecond/oneTBB, the caller helps")
    ->Apply(for_workers);
#endif

}  // namespace
