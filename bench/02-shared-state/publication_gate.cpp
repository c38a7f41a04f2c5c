// Speed gate of exercise 2.1: the time two readers need to read a published value, each as
// fast as it can. No thread writes any more, so nothing should make them wait.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>

#include "course/gate.hpp"
#include "publication.hpp"

namespace {

constexpr std::uint64_t reads = 3'000'000;  // of each reader
constexpr std::uint64_t published = 3;

std::uint64_t read_many(const Publication<std::uint64_t>& publication) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < reads; ++i) {
    if (const std::uint64_t* value = publication.try_read()) sum += *value;
  }
  return sum;
}

void TwoReaders(benchmark::State& state) {
  for (auto _ : state) {
    Publication<std::uint64_t> publication;
    publication.publish(published);
    std::array<std::uint64_t, 2> sums{};
    course::together(2, [&](unsigned reader) { sums[reader] = read_many(publication); });
    if (sums[0] != reads * published || sums[1] != reads * published) {
      return state.SkipWithError("a reader missed the published value");
    }
  }
}
BENCHMARK(TwoReaders)->Apply(course::gate);

}  // namespace
