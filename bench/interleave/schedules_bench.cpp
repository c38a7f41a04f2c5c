// How many schedules a second the explorer runs, in processor time of its one kernel thread.
//
// One schedule is one whole run of a body, made new each time: it starts its threads, each
// does its work once, and it joins them. Everything is on, as in an exercise: stale reads as
// C++20 allows them (weak memory), races, use of freed memory, leaks, lost wake-ups,
// spurious wake-ups and failures. `threads` counts the body's own thread, which works too.
//
// A measurement is one exploration of 20,000 schedules, with all that it needs: what the body
// could change is saved, and the first schedule is run once more to see that nothing was kept.
// `reduced` and `portfolio` end sooner where all behaviours are checked, with two and three
// threads here: what they take to begin then weighs more than what they run.
#include <benchmark/benchmark.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "interleave/interleave.hpp"

namespace {

constexpr std::uint64_t kSchedules = 20'000;

// Runs work(number) in `threads` threads, this one among them.
template <typename Work>
void in_threads(std::size_t threads, const Work& work) {
  std::vector<std::thread> others;
  for (std::size_t number = 1; number < threads; ++number) {
    others.emplace_back([&work, number] { work(number); });
  }
  work(0);
  for (std::thread& other : others) other.join();
}

// -- The bodies -------------------------------------------------------------------------

// No operation but start and join: what a schedule costs before anything happens in it.
void nothing(std::size_t threads) {
  in_threads(threads, [](std::size_t) {});
}

// Two visible operations each, and two plain accesses: an atomic addition (seq_cst), a
// lock, and `sum` read and written under it. The bar of 250,000 is for three such threads.
void add(std::size_t threads) {
  std::atomic<int> additions{0};
  std::mutex mutex;
  int sum = 0;
  in_threads(threads, [&](std::size_t) {
    additions.fetch_add(1);
    const std::lock_guard lock(mutex);
    ++sum;
  });
}

// Each waits for its turn, and then wakes all others: blocking, waking, spurious wake-ups.
void take_turns(std::size_t threads) {
  std::mutex mutex;
  std::condition_variable turned;
  std::size_t turn = 0;
  in_threads(threads, [&](std::size_t number) {
    std::unique_lock lock(mutex);
    turned.wait(lock, [&] { return turn == number; });
    ++turn;
    turned.notify_all();
  });
}

// Each writes its own flag and reads the next one's, relaxed: stale reads to choose from.
void look_at_each_other(std::size_t threads) {
  std::vector<std::atomic<int>> flags(threads);
  in_threads(threads, [&](std::size_t number) {
    flags[number].store(1, std::memory_order_relaxed);
    flags[number].store(2, std::memory_order_relaxed);
    benchmark::DoNotOptimize(
        flags[(number + 1) % flags.size()].load(std::memory_order_relaxed));
  });
}

// -- Measuring --------------------------------------------------------------------------

void explore(benchmark::State& state, void (*body)(std::size_t), const char* strategy) {
  const auto threads = static_cast<std::size_t>(state.range(0));
  std::uint64_t schedules = 0;
  for (auto _ : state) {
    const interleave::Result result = interleave::find_failure(
        [=] { body(threads); },
        {.schedules = kSchedules, .seconds = 60, .strategy = strategy});
    schedules += result.schedules;
    if (!result.clean()) state.SkipWithError(result.message.c_str());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(schedules));
  state.SetLabel("schedules per second");
}

void measure(const std::string& name, void (*body)(std::size_t), const char* strategy) {
  auto* registered = benchmark::RegisterBenchmark(name.c_str(), explore, body, strategy);
  registered->ArgName("threads");
  for (const int threads : {2, 3, 5}) registered->Arg(threads);
}

}  // namespace

int main(int argc, char** argv) {
  const char* const fsgsbase = std::getenv("INTERLEAVE_FSGSBASE");
  const std::string machine =
      fsgsbase != nullptr && *fsgsbase == '0' ? ", without FSGSBASE/" : "/";
  const std::string by_strategy =
      "An addition and a sum under a lock, by strategy" + machine;
  for (const char* strategy : {"sticky20", "pct3", "pos", "reduced", "portfolio"}) {
    measure(by_strategy + strategy, add, strategy);
  }
  const std::string by_body = "Under pct3, by what each thread does" + machine;
  measure(by_body + "nothing", nothing, "pct3");
  measure(by_body + "an addition and a sum under a lock", add, "pct3");
  measure(by_body + "two relaxed stores and a load", look_at_each_other, "pct3");
  measure(by_body + "its turn, by a condition variable", take_turns, "pct3");
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
