// Speed gate of exercise 2.1: the time two readers need to read a published value, each as
// fast as it can. Nobody writes any more, so nothing should make them wait.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <latch>
#include <thread>

#include "publication.hpp"

namespace {

constexpr std::uint64_t reads = 100'000;
constexpr std::uint64_t published = 3;

std::uint64_t read_many(const Publication<std::uint64_t>& publication,
                        std::latch& both_ready) {
  both_ready.arrive_and_wait();
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
    std::latch both_ready(2);
    std::uint64_t one_sum = 0;
    std::uint64_t two_sum = 0;
    std::jthread one([&] { one_sum = read_many(publication, both_ready); });
    std::jthread two([&] { two_sum = read_many(publication, both_ready); });
    one.join();
    two.join();
    if (one_sum != reads * published || two_sum != reads * published) {
      return state.SkipWithError("a reader missed the published value");
    }
  }
}
BENCHMARK(TwoReaders)->UseRealTime();

}  // namespace
