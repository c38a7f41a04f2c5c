// Speed gate of exercise 3.1: the time that keys in mixed order take to be inserted, and
// then to be found. One thread, so that only the tree's own work is timed.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <persistent_map.hpp>

#include "course/gate.hpp"

namespace {

constexpr std::uint32_t keys = 2000;

// The keys from 0 to `keys` - 1 in a mixed order, the same for all:
// 1237 and 2000 have no common divisor.
std::uint32_t key_at(std::uint32_t position) { return position * 1237 % keys; }

void InsertAndFind(benchmark::State& state) {
  for (auto _ : state) {
    PersistentMap<std::uint32_t, std::uint32_t> map;
    for (std::uint32_t i = 0; i < keys; ++i) map = map.insert(key_at(i), i);
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < keys; ++i) {
      const std::uint32_t* const found = map.find(key_at(i));
      if (found == nullptr) return state.SkipWithError("a key was not found");
      sum += *found;
    }
    if (sum != std::uint64_t{keys} * (keys - 1) / 2) {
      return state.SkipWithError("a key has a wrong value");
    }
  }
}
BENCHMARK(InsertAndFind)->Apply(course::gate);

}  // namespace
