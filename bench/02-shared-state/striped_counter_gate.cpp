// Speed gate of exercise 2.3: the time two threads need to add to one counter, each as
// fast as it can. If the two share a cache line, every addition waits for it to travel.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <latch>
#include <thread>

#include "striped_counter.hpp"

namespace {

constexpr std::int64_t additions = 20'000;

// Waits for the other thread, so that both add at the same time.
void add_many(StripedCounter& counter, std::latch& both_ready) {
  both_ready.arrive_and_wait();
  for (std::int64_t i = 0; i < additions; ++i) counter.add(1);
}

void TwoThreadsAdd(benchmark::State& state) {
  for (auto _ : state) {
    StripedCounter counter;
    std::latch both_ready(2);
    std::jthread one([&] { add_many(counter, both_ready); });
    std::jthread two([&] { add_many(counter, both_ready); });
    one.join();
    two.join();
    if (counter.value() != 2 * additions) {
      return state.SkipWithError("the counter lost additions");
    }
  }
}
BENCHMARK(TwoThreadsAdd)->UseRealTime();

}  // namespace
