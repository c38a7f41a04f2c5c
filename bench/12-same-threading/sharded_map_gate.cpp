// Speed gate of exercise 12.1: two shards that change mostly their own keys, and ask each
// other now and then. All threads stay on one core: there a hand-over costs the same in every
// process, and a lock for an own key, or a shard that looks again and again, shows.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <sharded_map.hpp>
#include <thread>
#include <vector>

#include "course/gate.hpp"

namespace {

constexpr std::uint64_t changes = 100'000;  // of each shard
constexpr std::uint64_t keys = 1'000;       // of each shard
constexpr std::uint64_t own_for_one_asked = 500;

using Map = ShardedMap<std::uint64_t, std::uint64_t>;

// The first keys of each shard.
std::vector<std::vector<std::uint64_t>> keys_of(const Map& map) {
  std::vector<std::vector<std::uint64_t>> all(map.shards());
  for (std::uint64_t key = 0; all[0].size() < keys || all[1].size() < keys; ++key) {
    std::vector<std::uint64_t>& some = all[map.owner(key)];
    if (some.size() < keys) some.push_back(key);
  }
  return all;
}

void change(Map& map, std::size_t self,
            const std::vector<std::vector<std::uint64_t>>& of) {
  for (std::uint64_t i = 0; i < changes; ++i) {
    const std::size_t whose = i % own_for_one_asked == 0 ? 1 - self : self;
    map.update(self, of[whose][i % keys], [](std::uint64_t& value) { ++value; });
  }
  map.leave(self);
}

void MostlyOwnKeys(benchmark::State& state) {
  const course::OnOneCore while_measuring;
  for (auto _ : state) {
    Map map(2);
    const std::vector<std::vector<std::uint64_t>> of = keys_of(map);
    {
      std::jthread other([&] { change(map, 1, of); });
      change(map, 0, of);
    }
    std::uint64_t sum = 0;
    for (std::size_t shard = 0; shard < 2; ++shard) {
      for (const std::uint64_t key : of[shard]) sum += map.find(shard, key).value_or(0);
    }
    if (sum != 2 * changes) return state.SkipWithError("a change was lost");
  }
}
BENCHMARK(MostlyOwnKeys)->Apply(course::gate);

}  // namespace
