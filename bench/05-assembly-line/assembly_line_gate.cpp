// Speed gate of exercise 5.2: the time that a stream of items needs through a line of three
// stages that do nothing, so that only the line's own work is measured. All threads stay on
// one core: there a stream costs the same in every process, and a thread that sleeps or
// wakes for every single item shows.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <optional>
#include <thread>

#include "assembly_line.hpp"
#include "course/gate.hpp"

namespace {

constexpr std::size_t capacity = 64;
constexpr std::uint64_t items = 20'000;
constexpr std::uint64_t stages = 3;
constexpr std::uint64_t sum_of_results = items * (items + 1) / 2 + stages * items;

std::uint64_t add_one(std::uint64_t item) { return item + 1; }

void ThreeStages(benchmark::State& state) {
  const course::OnOneCore while_measuring;
  for (auto _ : state) {
    AssemblyLine<std::uint64_t> line(capacity, {add_one, add_one, add_one});
    std::jthread source([&] {
      for (std::uint64_t item = 1; item <= items; ++item) {
        if (!line.put(std::uint64_t{item})) return;
      }
      line.close();
    });
    std::uint64_t sum = 0;
    while (const std::optional<std::uint64_t> item = line.take()) sum += *item;
    if (sum != sum_of_results) {
      return state.SkipWithError("not every item came out of the line once");
    }
  }
}
BENCHMARK(ThreeStages)->Apply(course::gate);

}  // namespace
