// Speed gates of exercise 5.3: the time that a stage's workers need for a batch of items of
// some fifteen microseconds each. A stage that works on one item at a time needs twice as long on
// two cores, and gains nothing from a second worker.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

#include "course/busywork.hpp"
#include "course/gate.hpp"
#include "reorder.hpp"

namespace {

constexpr std::uint64_t items = 64;
constexpr std::size_t capacity = 16;

std::uint64_t result_of(std::uint64_t item) { return course::busywork(item + 1, 10'000); }

using Stage = Reorder<std::uint64_t, std::uint64_t>;

// Whether the results of one batch are right, and in order.
bool passes_a_batch(Stage& stage, const std::vector<std::uint64_t>& expected) {
  std::jthread before([&] {
    for (std::uint64_t item = 0; item < items; ++item) stage.put(std::uint64_t{item});
  });
  bool right = true;
  for (const std::uint64_t result : expected) right = stage.take() == result && right;
  return right;
}

void run_batches(benchmark::State& state) {
  std::vector<std::uint64_t> expected;
  for (std::uint64_t item = 0; item < items; ++item) expected.push_back(result_of(item));
  Stage stage(course::threads(), capacity, [](std::uint64_t item) {
    course::keep_to_one_core();
    return result_of(item);
  });
  // Workers that have just been started have yet to reach their cores.
  passes_a_batch(stage, expected);
  for (auto _ : state) {
    if (!passes_a_batch(stage, expected)) {
      return state.SkipWithError("a result was wrong, or out of order");
    }
  }
}

void SlowItems(benchmark::State& state) { run_batches(state); }
BENCHMARK(SlowItems)->Apply(course::gate);

void MoreWorkers(benchmark::State& state) { run_batches(state); }
BENCHMARK(MoreWorkers)->Apply(course::gate);

}  // namespace
