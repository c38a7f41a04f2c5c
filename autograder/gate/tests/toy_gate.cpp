// A gate program for the tests of what runs gate programs: one benchmark works, the others
// each go wrong in their own way.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "course/busywork.hpp"
#include "course/gate.hpp"
#include "course/todo.hpp"
#include "machine/usable_cores.hpp"

namespace {

std::uint64_t stir(std::uint64_t value) { return course::busywork(value, 10'000); }

void Works(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(stir(1));
}
BENCHMARK(Works)->Apply(course::gate);

// Its name begins like another's: a filter must not take the two together.
void WorksToo(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(stir(2));
}
BENCHMARK(WorksToo)->Apply(course::gate);

void AnswersWrongly(benchmark::State& state) {
  for (auto _ : state) state.SkipWithError("a job was lost");
}
BENCHMARK(AnswersWrongly)->Apply(course::gate);

void Crashes(benchmark::State& state) {
  for (auto _ : state) std::abort();
}
BENCHMARK(Crashes)->Apply(course::gate);

void IsNotWritten(benchmark::State& state) {
  for (auto _ : state) course::todo(3);
}
BENCHMARK(IsNotWritten)->Apply(course::gate);

void Hangs(benchmark::State& state) {
  for (auto _ : state) ::pause();
}
BENCHMARK(Hangs)->Apply(course::gate);

void LeavesEarly(benchmark::State& state) {
  for (auto _ : state) ::_exit(0);
}
BENCHMARK(LeavesEarly)->Apply(course::gate);

// Measures as long as it likes, not what it is asked.
void ChoosesItsOwnIterations(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(stir(3));
}
BENCHMARK(ChoosesItsOwnIterations)->MinTime(0.001);

void CountsThreads(benchmark::State& state) {
  for (auto _ : state) {
    if (course::threads() != 3) state.SkipWithError("not three threads");
  }
}
BENCHMARK(CountsThreads)->Apply(course::gate);

// Says how often it looped, as an error: only an error carries words.
void CountsIterations(benchmark::State& state) {
  int iterations = 0;
  for (auto _ : state) ++iterations;
  state.SkipWithError((std::to_string(iterations) + " iterations").c_str());
}
BENCHMARK(CountsIterations)->Apply(course::gate);

void CountsCores(benchmark::State& state) {
  for (auto _ : state) {
    if (course::machine::usable_cores() != 1) state.SkipWithError("not one core");
  }
}
BENCHMARK(CountsCores)->Apply(course::gate);

void StaysOnOneCore(benchmark::State& state) {
  const std::size_t before = course::machine::allowed_cores().size();
  for (auto _ : state) {
    const course::OnOneCore here;
    std::size_t allowed_in_thread = 0;
    std::thread([&] {
      allowed_in_thread = course::machine::allowed_cores().size();
    }).join();
    if (allowed_in_thread != 1) state.SkipWithError("a thread may leave the core");
  }
  if (course::machine::allowed_cores().size() != before) {
    state.SkipWithError("the other cores were not given back");
  }
}
BENCHMARK(StaysOnOneCore)->Apply(course::gate);

// Each thread waits for the other, so that this ends only if both run.
void RunsTogether(benchmark::State& state) {
  for (auto _ : state) {
    std::atomic<unsigned> sum = 0;
    std::atomic<unsigned> on_one_core = 0;
    std::latch both(2);
    course::together(2, [&](unsigned which) {
      sum += which + 1;
      on_one_core += course::machine::allowed_cores().size() == 1;
      both.arrive_and_wait();
    });
    if (sum != 3 || on_one_core != 2) {
      state.SkipWithError("not two threads with a core each");
    }
  }
}
BENCHMARK(RunsTogether)->Apply(course::gate);

// On as many cores as there are, each once.
void SpreadsThreads(benchmark::State& state) {
  const std::vector<unsigned> all = course::machine::allowed_cores();
  for (auto _ : state) {
    std::vector<unsigned> taken;
    for (std::size_t i = 0; i < all.size(); ++i) {
      std::thread([&] {
        course::keep_to_one_core();
        course::keep_to_one_core();
        const std::vector<unsigned> allowed = course::machine::allowed_cores();
        taken.insert(taken.end(), allowed.begin(), allowed.end());
      }).join();
    }
    std::sort(taken.begin(), taken.end());
    if (taken != all) state.SkipWithError("not every core was taken once");
  }
}
BENCHMARK(SpreadsThreads)->Apply(course::gate);

}  // namespace
