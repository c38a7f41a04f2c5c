// Speed gates of exercise 7.2: one actor that gets many messages, on one core; and many actors
// that compute, run by one worker and by two.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <latch>

#include "activation.hpp"
#include "course/busywork.hpp"
#include "course/gate.hpp"

namespace {

constexpr std::uint64_t messages = 20'000;

void BusyActor(benchmark::State& state) {
  const course::OnOneCore while_measuring;
  for (auto _ : state) {
    std::uint64_t sum = 0;
    {
      ActorPool pool(1);
      auto& actor =
          pool.spawn<std::uint64_t>([&](std::uint64_t message) { sum += message; });
      for (std::uint64_t message = 0; message < messages; ++message) actor.send(message);
    }
    if (sum != messages * (messages - 1) / 2) {
      return state.SkipWithError("the actor did not handle every message once");
    }
  }
}
BENCHMARK(BusyActor)->Apply(course::gate);

constexpr std::size_t actors = 64;
constexpr int steps = 60'000;  // a turn costs far more than waking a worker for it

void MoreWorkers(benchmark::State& state) {
  const std::uint64_t expected = course::busywork(1, steps);
  ActorPool pool(course::threads());
  std::latch* all_done = nullptr;
  std::array<std::uint64_t, actors> results{};
  std::array<PooledActor<std::size_t>*, actors> all{};
  for (auto& actor : all) {
    actor = &pool.spawn<std::size_t>([&](std::size_t number) {
      course::keep_to_one_core();
      results[number] = course::busywork(1, steps);
      all_done->count_down();
    });
  }
  const auto run_all = [&] {
    std::latch done(static_cast<std::ptrdiff_t>(actors));
    all_done = &done;
    for (std::size_t i = 0; i < actors; ++i) all[i]->send(i);
    done.wait();
  };
  run_all();  // workers that have just been started have yet to reach their cores
  for (auto _ : state) {
    results.fill(0);
    run_all();
    for (const std::uint64_t result : results) {
      if (result != expected) return state.SkipWithError("an actor did not do its work");
    }
  }
}
BENCHMARK(MoreWorkers)->Apply(course::gate);

}  // namespace
