// Speed gate of exercise 5.1: the time that a producer and a consumer need for a stream of
// items through one ring, each on a core of its own and as fast as it can. The ring is long
// enough that neither waits for the other at every item, and short enough to stay in a
// cache.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <optional>
#include <thread>

#include "course/gate.hpp"
#include "spsc_ring.hpp"

namespace {

constexpr std::size_t capacity = 1024;
constexpr std::uint64_t items = 1'000'000;
constexpr std::uint64_t sum_of_items = items * (items + 1) / 2;

// Where there is a core for each side it is there already; where there is not, this lets it
// have ours.
void wait_a_little(unsigned looks) {
  if (looks % 1024 == 0) std::this_thread::yield();
}

void push_all(SpscRing<std::uint64_t>& ring) {
  for (std::uint64_t item = 1; item <= items; ++item) {
    for (unsigned looks = 1; !ring.try_push(std::uint64_t{item}); ++looks)
      wait_a_little(looks);
  }
}

std::uint64_t sum_of_all(SpscRing<std::uint64_t>& ring) {
  std::uint64_t sum = 0;
  for (std::uint64_t item = 1; item <= items; ++item) {
    std::optional<std::uint64_t> taken;
    for (unsigned looks = 1; !(taken = ring.try_pop()); ++looks) wait_a_little(looks);
    sum += *taken;
  }
  return sum;
}

void Stream(benchmark::State& state) {
  for (auto _ : state) {
    SpscRing<std::uint64_t> ring(capacity);
    std::uint64_t sum = 0;
    course::together(2, [&](unsigned side) {
      if (side == 0) {
        push_all(ring);
      } else {
        sum = sum_of_all(ring);
      }
    });
    if (sum != sum_of_items) {
      return state.SkipWithError("the consumer did not get every item once");
    }
  }
}
BENCHMARK(Stream)->Apply(course::gate);

}  // namespace
