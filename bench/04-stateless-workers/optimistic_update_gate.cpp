// Speed gates of exercise 4.1: the time that workers need for a batch of updates of some
// fifteen microseconds each, every worker on a key of its own. One that keeps others out
// while `change` computes needs twice as long on two cores, and gains nothing from a second
// worker.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "course/busywork.hpp"
#include "course/gate.hpp"
#include "memory_store.hpp"
#include "optimistic_update.hpp"

namespace {

constexpr unsigned updates = 128;

std::optional<std::string> computed_from(const std::string& value) {
  const std::uint64_t before = value.empty() ? 1 : std::stoull(value);
  return std::to_string(course::busywork(before, 10'000));
}

// The updates that fall to one worker, on its own key; returns the value they lead to.
std::string update_often(Store& store, const std::string& key, unsigned count) {
  const auto session = store.connect();
  for (unsigned i = 0; i < count; ++i) optimistic_update(*session, key, computed_from);
  return session->read(key).value;
}

void run_batches(benchmark::State& state) {
  const unsigned workers = course::threads();
  const unsigned share = updates / workers;
  std::string expected;
  for (unsigned i = 0; i < share; ++i) expected = *computed_from(expected);
  for (auto _ : state) {
    MemoryStore store;
    std::vector<std::string> values(workers);
    course::together(workers, [&](unsigned worker) {
      values[worker] = update_often(store, std::to_string(worker), share);
    });
    for (const std::string& value : values) {
      if (value != expected) return state.SkipWithError("an update was lost");
    }
  }
}

void CoarseUpdates(benchmark::State& state) { run_batches(state); }
BENCHMARK(CoarseUpdates)->Apply(course::gate);

void MoreWorkers(benchmark::State& state) { run_batches(state); }
BENCHMARK(MoreWorkers)->Apply(course::gate);

}  // namespace
