// Benchmarks of lesson 15: the models side by side, with the same orders on the same cores, and
// the ratio of each to one lock.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "../../lessons/12-same-threading/pinning.hpp"
#include "choosing.hpp"

namespace {

constexpr std::uint32_t symbols = 64;

// The cores that there are; two where there is one, which then take turns.
std::size_t threads() { return std::max<std::size_t>(2, cores_allowed().size()); }

const Orders& orders() {
  static const Orders all = recorded_stream(15, 200'000, symbols);
  return all;
}

// Orders per second by model, of its fastest run, so that a neighbour's noise does not count.
std::map<std::string, double>& speeds() {
  static std::map<std::string, double> all;
  return all;
}

void throughput(benchmark::State& state, const Model& model) {
  using Clock = std::chrono::steady_clock;
  static const Input input(orders(), symbols, threads());
  static const Trades expected = sequential(orders(), symbols);
  for (auto _ : state) {
    Pace pace;
    const auto start = Clock::now();
    const std::vector<Trades> trades = model.run(input, pace);
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    const Trades seen = observed(trades);
    if (!is_sound(orders(), seen) || (model.one_way && seen != expected)) {
      return state.SkipWithError("not the expected output");
    }
    state.SetIterationTime(seconds);
    double& best = speeds()[model.name];
    best = std::max(best, static_cast<double>(orders().size()) / seconds);
  }
  state.SetItemsProcessed(state.iterations() *
                          static_cast<std::int64_t>(orders().size()));
  state.SetLabel("orders per second");
}

void ratio(benchmark::State& state, const Model& model) {
  const double lock = speeds()["locked pool"];
  const double own = speeds()[model.name];
  for (auto _ : state) benchmark::DoNotOptimize(state.iterations());
  if (lock == 0 || own == 0) return state.SkipWithError("not measured here");
  state.counters["items_per_second"] = own / lock;
  state.SetLabel("times the locked pool");
}

// Before main, as BENCHMARK does it: one plot with a bar for each model, and one of ratios.
[[maybe_unused]] const bool registered = [] {
  for (const Model& model : models()) {
    const std::string name = std::string("Orders by every model/") + model.name;
    benchmark::RegisterBenchmark(name.c_str(), throughput, model)
        ->ArgName("threads")
        ->Arg(static_cast<std::int64_t>(threads()))
        ->UseManualTime()
        ->MinTime(0.3);
  }
  for (const Model& model : models()) {
    const std::string name = std::string("Beside one lock/") + model.name;
    benchmark::RegisterBenchmark(name.c_str(), ratio, model)
        ->ArgName("threads")
        ->Arg(static_cast<std::int64_t>(threads()))
        ->Iterations(1);
  }
  return true;
}();

}  // namespace
