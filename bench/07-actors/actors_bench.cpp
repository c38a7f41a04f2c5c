// Lesson 7's benchmarks: the pool of exercise 7.2 beside CAF, where that is installed, on five of
// the Savina benchmarks; what an idle actor takes; and, at the end, how many times as fast ours
// is. Each run makes a pool or system of its own; only the messages are timed.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <latch>
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

using savina::Clock;
using savina::seconds_since;

// Shows `value` as it is, under the chart's unit.
void tell(benchmark::State& state, double value, const char* unit) {
  state.counters["items_per_second"] = value;
  state.SetLabel(unit);
}

using Savina = double (*)(unsigned workers);

void messages_per_second(benchmark::State& state, const std::string& name, Savina run,
                         std::int64_t messages) {
  std::vector<double> seconds;
  for (auto _ : state) {
    seconds.push_back(run(static_cast<unsigned>(state.range(0))));
    state.SetIterationTime(seconds.back());
  }
  const double speed = static_cast<double>(messages) / median(seconds);
  measured()[name + std::to_string(state.range(0))].push_back(speed);
  tell(state, speed, "messages per second");
}

// How many times as much the first has as the second.
void ratio(benchmark::State& state, const std::string& ours, const std::string& theirs,
           const std::string& x, const char* unit) {
  for (auto _ : state) {
  }
  tell(state, median(measured()[ours + x]) / median(measured()[theirs + x]), unit);
}

// --- Idle actors --------------------------------------------------------------------------

constexpr std::size_t idle = 100'000;
constexpr std::size_t idle_threads = 10'000;  // as many as most systems allow

// What `actors` actors take that have handled one message each and have no more. `make` makes
// and keeps them, sends the messages, and returns when the last one is handled.
template <typename Make>
void start_idle(benchmark::State& state, const std::string& name, bool bytes,
                std::size_t actors, Make make) {
  double value = 0;
  for (auto _ : state) {
    const double before = resident_bytes();
    const auto start = Clock::now();
    const auto kept = make(actors);
    const double seconds = seconds_since(start);
    value =
        (bytes ? resident_bytes() - before : seconds * 1e6) / static_cast<double>(actors);
  }
  measured()[name].push_back(value);
  tell(state, value,
       bytes ? "bytes for each idle actor" : "microseconds to start an actor");
}

class IdleOurs {
 public:
  explicit IdleOurs(std::size_t actors)
      : all_handled_(static_cast<std::ptrdiff_t>(actors)), pool_(2) {
    for (std::size_t i = 0; i < actors; ++i) {
      pool_.spawn<int>([this](int) { all_handled_.count_down(); }).send(1);
    }
    all_handled_.wait();
  }

 private:
  std::latch all_handled_;  // first: the actors write to it
  ActorPool pool_;
};

// The lesson's reference: a thread each.
class IdleThreads {
 public:
  explicit IdleThreads(std::size_t actors)
      : all_handled_(static_cast<std::ptrdiff_t>(actors)) {
    for (std::size_t i = 0; i < actors; ++i) {
      actors_.push_back(
          std::make_unique<Actor<int>>([this](int) { all_handled_.count_down(); }));
      actors_.back()->send(1);
    }
    all_handled_.wait();
  }

 private:
  std::latch all_handled_;  // first: the actors write to it
  std::vector<std::unique_ptr<Actor<int>>> actors_;
};

#if COURSE_HAS_CAF
class IdleCaf {
 public:
  explicit IdleCaf(std::size_t actors)
      : all_handled_(static_cast<std::ptrdiff_t>(actors)), system_(2) {
    for (std::size_t i = 0; i < actors; ++i) {
      actors_.push_back(savina::caf_actors::spawn<int>(
          system_, [this](caf::event_based_actor*, int) { all_handled_.count_down(); }));
      caf::anon_send(actors_.back(), 1);
    }
    all_handled_.wait();
  }
  ~IdleCaf() { savina::caf_actors::stop(actors_); }
  IdleCaf(const IdleCaf&) = delete;
  IdleCaf& operator=(const IdleCaf&) = delete;

 private:
  std::latch all_handled_;  // first: the actors write to it
  savina::caf_actors::System system_;
  std::vector<caf::actor> actors_;  // the handles keep the actors alive
};
#endif

// --- The charts ---------------------------------------------------------------------------

void add(const std::string& chart, const std::string& series, Savina run,
         std::int64_t messages) {
  const std::string name = chart + "/" + series;
  benchmark::RegisterBenchmark(
      name.c_str(),
      [=](benchmark::State& state) { messages_per_second(state, name, run, messages); })
      ->ArgName("workers")
      ->Arg(1)
      ->Arg(2)
      ->UseManualTime();
}

void add_ratio(const std::string& chart) {
  const std::string name = "Ours beside CAF/" + chart;
  benchmark::RegisterBenchmark(name.c_str(),
                               [chart](benchmark::State& state) {
                                 ratio(state, chart + "/ours", chart + "/CAF",
                                       std::to_string(state.range(0)),
                                       "times as fast as CAF");
                               })
      ->ArgName("workers")
      ->Arg(1)
      ->Arg(2)
      ->Iterations(1);
}

constexpr std::array<const char*, 2> idle_charts = {"Time to start",
                                                    "Memory of an idle actor"};

template <typename Idle>
void add_idle(const std::string& series, std::size_t actors) {
  for (const bool bytes : {false, true}) {
    const std::string name = std::string(idle_charts[bytes ? 1 : 0]) + "/" + series;
    benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
      start_idle(state, name, bytes, actors,
                 [](std::size_t many) { return std::make_unique<Idle>(many); });
    })->Iterations(1);
  }
}

#if COURSE_HAS_CAF
// Less is better here: how many times as much CAF takes.
void add_idle_ratios() {
  for (const std::string chart : idle_charts) {
    const std::string name = "CAF takes, of what ours takes/" + chart;
    benchmark::RegisterBenchmark(name.c_str(), [chart](benchmark::State& state) {
      ratio(state, chart + "/CAF", chart + "/the pool", "", "times as much");
    })->Iterations(1);
  }
}
#endif

struct Pair {
  const char* chart;
  std::int64_t messages;
  Savina ours;
  Savina caf;  // nullptr where CAF is not installed
};

#if COURSE_HAS_CAF
#define BESIDE_CAF(name) savina::ours::name, savina::caf_actors::name
#else
#define BESIDE_CAF(name) savina::ours::name, nullptr
#endif

constexpr std::array<Pair, 5> pairs = {
    {{"Ping-pong", 2 * savina::kPingPongs, BESIDE_CAF(ping_pong)},
     {"Thread ring", savina::kHops, BESIDE_CAF(thread_ring)},
     {"Counting actor", savina::kCounts, BESIDE_CAF(counting)},
     {"Fork-join, create", savina::kForks, BESIDE_CAF(fork_join)},
     {"Big", 2 * savina::kBig* savina::kPings, BESIDE_CAF(big)}}};

const bool registered = [] {
  for (const Pair& pair : pairs) {
    add(pair.chart, "ours", pair.ours, pair.messages);
    if (pair.caf != nullptr) add(pair.chart, "CAF", pair.caf, pair.messages);
  }
  add_idle<IdleOurs>("the pool", idle);
#if COURSE_HAS_CAF
  add_idle<IdleCaf>("CAF", idle);
#endif
  add_idle<IdleThreads>("a thread each", idle_threads);
#if COURSE_HAS_CAF
  for (const Pair& pair : pairs) add_ratio(pair.chart);
  add_idle_ratios();
#endif
  return true;
}();

}  // namespace
