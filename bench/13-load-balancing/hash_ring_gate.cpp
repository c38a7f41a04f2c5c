// Speed gate of exercise 13.2: keys are looked up on a ring of many points. To look at every
// point takes many times as long as to look where the key is.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <hash_ring.hpp>
#include <string>
#include <vector>

#include "course/gate.hpp"

namespace {

constexpr int services = 32;
constexpr int keys = 10'000;

void OwnersOfKeys(benchmark::State& state) {
  HashRing<> ring(64);
  for (int i = 0; i < services; ++i) ring.add("service:" + std::to_string(i));
  std::vector<std::string> names;
  for (int i = 0; i < keys; ++i) names.push_back("user:" + std::to_string(i));
  for (auto _ : state) {
    std::size_t letters = 0;
    for (const std::string& name : names) letters += ring.owner(name)->size();
    // "service:" and one or two digits.
    if (letters < 9 * std::size_t{keys} || letters > 10 * std::size_t{keys}) {
      return state.SkipWithError("a key has no owner");
    }
  }
}
BENCHMARK(OwnersOfKeys)->Apply(course::gate);

}  // namespace
