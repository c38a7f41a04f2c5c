// Lesson 7's benchmarks: the pool of exercise 7.2 beside CAF, where that is installed, on five of
// the Savina benchmarks; what an idle actor takes; and, at the end, how many times as fast ours
// is. Each run makes its pool or system, its actors, and ends them.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors.hpp"
#include "resident_memory.hpp"
#include "savina.hpp"

#if COURSE_HAS_CAF
#include "savina_caf.hpp"
#endif

namespace {

// What was measured, by chart, series and workers.
std::map<std::string, std::vector<double>>& measured() {
  static std::map<std::string, std::vector<double>> all;
  return all;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Shows `value` as it is, under the chart's unit.
void tell(benchmark::State& state, double value, const char* unit) {
  state.counters["items_per_second"] = value;
  state.SetLabel(unit);
}

using Savina = std::int64_t (*)(unsigned workers);

void messages_per_second(benchmark::State& state, const std::string& name, Savina run) {
  std::int64_t messages = 0;
  const auto start = std::chrono::steady_clock::now();
  for (auto _ : state) messages += run(static_cast<unsigned>(state.range(0)));
  const double speed = static_cast<double>(messages) / seconds_since(start);
  measured()[name + std::to_string(state.range(0))].push_back(speed);
  tell(state, speed, "messages per second");
}

// How many times as much the first has as the second.
void ratio(benchmark::State& state, const std::string& ours, const std::string& theirs,
           const std::string& x) {
  for (auto _ : state) {
  }
  tell(state, median(measured()[ours + x]) / median(measured()[theirs + x]),
       "times as fast as CAF");
}

// --- Idle actors --------------------------------------------------------------------------

constexpr std::size_t idle = 100'000;

// Makes `idle` actors by `make`, which keeps them; they are ended with what it returns.
template <typename Make>
void start_idle(benchmark::State& state, bool bytes, Make make) {
  double value = 0;
  for (auto _ : state) {
    const double before = resident_bytes();
    const auto start = std::chrono::steady_clock::now();
    const auto actors = make();
    const double seconds = seconds_since(start);
    value = bytes ? (resident_bytes() - before) / idle : seconds * 1e3;
  }
  tell(state, value,
       bytes ? "bytes for each idle actor" : "milliseconds to start 100,000");
}

std::unique_ptr<ActorPool> idle_ours() {
  auto pool = std::make_unique<ActorPool>(2);
  for (std::size_t i = 0; i < idle; ++i) {
    pool->spawn<int>([count = 0](int amount) mutable { count += amount; });
  }
  return pool;
}

#if COURSE_HAS_CAF
// The handles keep the actors alive, and end them.
class IdleCaf {
 public:
  IdleCaf() : system_(2) {
    actors_.reserve(idle);
    for (std::size_t i = 0; i < idle; ++i) {
      actors_.push_back(savina::caf_actors::spawn<int>(
          system_,
          [count = 0](caf::event_based_actor*, int amount) mutable { count += amount; }));
    }
  }
  ~IdleCaf() { savina::caf_actors::end(actors_); }

 private:
  savina::caf_actors::System system_;
  std::vector<caf::actor> actors_;
};
#endif

// --- The charts ---------------------------------------------------------------------------

void add(const std::string& chart, const std::string& series, Savina run) {
  const std::string name = chart + "/" + series;
  benchmark::RegisterBenchmark(
      name.c_str(),
      [name, run](benchmark::State& state) { messages_per_second(state, name, run); })
      ->ArgName("workers")
      ->Arg(1)
      ->Arg(2)
      ->UseRealTime();
}

void add_ratio(const std::string& chart) {
  const std::string name = "Ours beside CAF/" + chart;
  benchmark::RegisterBenchmark(name.c_str(),
                               [chart](benchmark::State& state) {
                                 ratio(state, chart + "/ours", chart + "/CAF",
                                       std::to_string(state.range(0)));
                               })
      ->ArgName("workers")
      ->Arg(1)
      ->Arg(2)
      ->Iterations(1);
}

template <typename Make>
void add_idle(const std::string& series, Make make) {
  for (const bool bytes : {true, false}) {
    const std::string name =
        std::string(bytes ? "Memory of an idle actor/" : "Time to start/") + series;
    benchmark::RegisterBenchmark(name.c_str(), [bytes, make](benchmark::State& state) {
      start_idle(state, bytes, make);
    })->Iterations(1);
  }
}

struct Pair {
  const char* chart;
  Savina ours;
  Savina caf;
};

std::vector<Pair> pairs() {
#if COURSE_HAS_CAF
  namespace peer = savina::caf_actors;
  return {{"Ping-pong", savina::ours::ping_pong, peer::ping_pong},
          {"Thread ring", savina::ours::thread_ring, peer::thread_ring},
          {"Counting actor", savina::ours::counting, peer::counting},
          {"Fork-join, create", savina::ours::fork_join, peer::fork_join},
          {"Big", savina::ours::big, peer::big}};
#else
  return {{"Ping-pong", savina::ours::ping_pong, nullptr},
          {"Thread ring", savina::ours::thread_ring, nullptr},
          {"Counting actor", savina::ours::counting, nullptr},
          {"Fork-join, create", savina::ours::fork_join, nullptr},
          {"Big", savina::ours::big, nullptr}};
#endif
}

const bool registered = [] {
  for (const Pair& pair : pairs()) {
    add(pair.chart, "ours", pair.ours);
    if (pair.caf != nullptr) add(pair.chart, "CAF", pair.caf);
  }
  add_idle("ours", idle_ours);
#if COURSE_HAS_CAF
  add_idle("CAF", [] { return std::make_unique<IdleCaf>(); });
  for (const Pair& pair : pairs()) add_ratio(pair.chart);
#endif
  return true;
}();

}  // namespace
