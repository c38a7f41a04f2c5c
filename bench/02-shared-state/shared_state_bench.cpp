// Lesson 2's benchmarks: ways for many threads to count together, and what a lock costs
// that some jobs share. The y axis is additions, or jobs, per second.
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "shared_state.hpp"

#if COURSE_HAS_TBB
#include <oneapi/tbb/combinable.h>
#endif

namespace {

constexpr const char* counting = "Counting together";

void tell_additions(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations());
}

// The reference: one table, one lock.
void one_table(benchmark::State& state) {
  static SharedTotals totals;
  for (auto _ : state) totals.add("ink", 1);
  tell_additions(state);
}

void one_mutex(benchmark::State& state) {
  static std::mutex mutex;
  static std::int64_t total = 0;
  for (auto _ : state) {
    const std::scoped_lock lock(mutex);
    benchmark::DoNotOptimize(++total);
  }
  tell_additions(state);
}

void one_atomic(benchmark::State& state) {
  static std::atomic<std::int64_t> total = 0;
  for (auto _ : state) total.fetch_add(1, std::memory_order_relaxed);
  tell_additions(state);
}

// A number for each thread, each on a cache line of its own.
void number_each(benchmark::State& state) {
  struct alignas(64) Line {
    std::atomic<std::int64_t> total = 0;
  };
  static Line lines[64];
  std::atomic<std::int64_t>& own = lines[state.thread_index() % 64].total;
  for (auto _ : state) {
    own.store(own.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  tell_additions(state);
}

#if COURSE_HAS_TBB
void tbb_combinable(benchmark::State& state) {
  static tbb::combinable<std::int64_t> totals([] { return std::int64_t{0}; });
  for (auto _ : state) benchmark::DoNotOptimize(++totals.local());
  tell_additions(state);
}
#endif

// Readers only, of one number: do they wait for one another?
template <typename Mutex, typename Lock>
void reading(benchmark::State& state) {
  static Mutex mutex;
  static std::int64_t total = 0;
  for (auto _ : state) {
    const Lock lock(mutex);
    benchmark::DoNotOptimize(total);
  }
  tell_additions(state);
}

void reading_atomic(benchmark::State& state) {
  static std::atomic<std::int64_t> total = 0;
  for (auto _ : state) benchmark::DoNotOptimize(total.load(std::memory_order_acquire));
  tell_additions(state);
}

// Registers one series of one plot: a point for each number of threads.
void add(const char* plot, const char* series, void (*body)(benchmark::State&)) {
  for (const int threads : {1, 2, 4}) {
    const std::string name = std::string(plot) + "/" + series;
    benchmark::RegisterBenchmark(name.c_str(), body)->Threads(threads)->UseRealTime();
  }
}

const bool registered = [] {
  add(counting, "one table", one_table);
  add(counting, "one mutex", one_mutex);
  add(counting, "one atomic", one_atomic);
  add(counting, "a number each", number_each);
#if COURSE_HAS_TBB
  add(counting, "tbb::combinable", tbb_combinable);
#endif
  constexpr const char* plot = "Reading together";
  add(plot, "std::mutex", reading<std::mutex, std::unique_lock<std::mutex>>);
  add(plot, "std::shared_mutex",
      reading<std::shared_mutex, std::shared_lock<std::shared_mutex>>);
  add(plot, "one atomic", reading_atomic);
  return true;
}();

}  // namespace
