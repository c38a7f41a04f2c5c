// Lesson 2's benchmarks: ways for many threads to keep totals together, to count together,
// and to read together. Every thread works as fast as it can; the y axis is what they do in a
// second, all of them together.
#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "shared_state.hpp"

#if COURSE_HAS_TBB
#include <oneapi/tbb/combinable.h>
#include <oneapi/tbb/concurrent_hash_map.h>
#include <oneapi/tbb/spin_rw_mutex.h>
#endif

namespace {

void tell(benchmark::State& state, const char* what) {
  state.SetItemsProcessed(state.iterations());
  state.SetLabel(what);
}

void tell_additions(benchmark::State& state) { tell(state, "additions per second"); }

// --- A table of totals ------------------------------------------------------------------

const std::string& next_item(benchmark::IterationCount& job) {
  static const std::array<std::string, 4> items = {"ink", "paper", "staples", "glue"};
  return items[static_cast<std::size_t>(job++) % items.size()];
}

// The reference: one table, one lock.
void reference(benchmark::State& state) {
  static SharedTotals totals;
  benchmark::IterationCount job = state.thread_index();
  for (auto _ : state) totals.add(next_item(job), 1);
  tell_additions(state);
}

void table_each(benchmark::State& state) {
  std::map<std::string, std::int64_t> own;
  benchmark::IterationCount job = state.thread_index();
  for (auto _ : state) ++own[next_item(job)];
  tell_additions(state);
}

#if COURSE_HAS_TBB
// A lock for each entry.
void tbb_hash_map(benchmark::State& state) {
  using Table = tbb::concurrent_hash_map<std::string, std::int64_t>;
  static Table totals;
  benchmark::IterationCount job = state.thread_index();
  for (auto _ : state) {
    Table::accessor entry;
    totals.insert(entry, next_item(job));
    ++entry->second;
  }
  tell_additions(state);
}
#endif

// --- One number -------------------------------------------------------------------------

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

// --- One number, read only ----------------------------------------------------------------

// Do readers wait for one another?
template <typename Mutex, typename Lock>
void reading(benchmark::State& state) {
  static Mutex mutex;
  static std::int64_t total = 0;
  for (auto _ : state) {
    const Lock lock(mutex);
    benchmark::DoNotOptimize(total);
  }
  tell(state, "reads per second");
}

void reading_atomic(benchmark::State& state) {
  static std::atomic<std::int64_t> total = 0;
  for (auto _ : state) benchmark::DoNotOptimize(total.load(std::memory_order_acquire));
  tell(state, "reads per second");
}

#if COURSE_HAS_TBB
class TbbReadLock {
 public:
  explicit TbbReadLock(tbb::spin_rw_mutex& mutex) : lock_(mutex, /*write=*/false) {}

 private:
  tbb::spin_rw_mutex::scoped_lock lock_;
};
#endif

// Registers one series of one plot: a point for each number of threads.
void add(const char* plot, const char* series, void (*body)(benchmark::State&)) {
  for (const int threads : {1, 2, 4}) {
    const std::string name = std::string(plot) + "/" + series;
    benchmark::RegisterBenchmark(name.c_str(), body)->Threads(threads)->UseRealTime();
  }
}

const bool registered = [] {
  constexpr const char* table = "A table of totals";
  add(table, "reference", reference);
  add(table, "a table each", table_each);
#if COURSE_HAS_TBB
  add(table, "tbb::concurrent_hash_map", tbb_hash_map);
#endif

  constexpr const char* counting = "Counting together";
  add(counting, "one mutex", one_mutex);
  add(counting, "one atomic", one_atomic);
  add(counting, "a number each", number_each);
#if COURSE_HAS_TBB
  add(counting, "tbb::combinable", tbb_combinable);
#endif

  constexpr const char* together = "Reading together";
  add(together, "std::mutex", reading<std::mutex, std::unique_lock<std::mutex>>);
  add(together, "std::shared_mutex",
      reading<std::shared_mutex, std::shared_lock<std::shared_mutex>>);
#if COURSE_HAS_TBB
  add(together, "tbb::spin_rw_mutex", reading<tbb::spin_rw_mutex, TbbReadLock>);
#endif
  add(together, "one atomic", reading_atomic);
  return true;
}();

}  // namespace
