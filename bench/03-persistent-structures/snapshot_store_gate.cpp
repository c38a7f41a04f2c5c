// Speed gate of exercise 3.2: nine reads to one update, by one thread, so that the store's
// own work is timed and no update is overtaken.
#include <benchmark/benchmark.h>

#include <snapshot_store.hpp>
#include <vector>

#include "course/gate.hpp"

namespace {

constexpr int updates = 1000;
constexpr int reads_for_each = 9;

using Numbers = std::vector<int>;

void ReadAndUpdate(benchmark::State& state) {
  for (auto _ : state) {
    SnapshotStore<Numbers> store(Numbers(256, 0));
    long sum = 0;
    for (int update = 1; update <= updates; ++update) {
      for (int read = 0; read < reads_for_each; ++read) {
        sum += store.read([](const Numbers& numbers) { return numbers[255]; });
      }
      store.update([](const Numbers& numbers) {
        Numbers next = numbers;
        ++next[255];
        return next;
      });
    }
    constexpr long expected = reads_for_each * (updates * (updates - 1L) / 2);
    if (sum != expected)
      return state.SkipWithError("a read did not see the newest value");
  }
}
BENCHMARK(ReadAndUpdate)->Apply(course::gate);

}  // namespace
