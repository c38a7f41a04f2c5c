// Speed gate of exercise 3.3: the time for a batch of appends, a freeze, and a batch of
// changes.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <transient_builder.hpp>

#include "course/gate.hpp"

namespace {

constexpr std::size_t elements = 20'000;

void BuildAndChange(benchmark::State& state) {
  for (auto _ : state) {
    TransientBuilder<std::uint32_t> builder;
    for (std::size_t i = 0; i < elements; ++i) builder.push_back(1);
    const FrozenVector<std::uint32_t> frozen = builder.freeze();
    for (std::size_t i = 0; i < elements; ++i) builder.set(i, 2);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < elements; ++i) sum += frozen[i] + 10 * builder[i];
    if (sum != 21 * elements) return state.SkipWithError("an element is wrong");
  }
}
BENCHMARK(BuildAndChange)->Apply(course::gate);

}  // namespace
