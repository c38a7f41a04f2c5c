// Speed gate of exercise 6.1: some thousands of timers at a time, half of them cancelled,
// the others run. Time jumps, so that only the work is measured. Looking through all timers
// for the one to cancel, or for the next one, takes many times as long.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <timers.hpp>
#include <vector>

#include "course/gate.hpp"
#include "poller.hpp"

namespace {

constexpr std::size_t timers_at_a_time = 8'000;

// A clock that is where it has to be.
class JumpingClock {
 public:
  [[nodiscard]] TimePoint now() const { return now_; }
  void wait(Limit limit) { now_ += limit.value_or(std::chrono::milliseconds(0)); }
  void wake() {}

 private:
  TimePoint now_{};
};

void ManyTimers(benchmark::State& state) {
  std::mt19937 random(1);
  std::vector<std::size_t> order(timers_at_a_time);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  for (auto _ : state) {
    std::shuffle(order.begin(), order.end(), random);
    JumpingClock clock;
    Timers<JumpingClock> timers(clock);
    std::vector<std::uint64_t> ids(timers_at_a_time);
    std::size_t ran = 0;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      ids[i] = timers.after(std::chrono::milliseconds(order[i]), [&ran] { ++ran; });
    }
    for (std::size_t i = 0; i < ids.size() / 2; ++i) timers.cancel(ids[order[i]]);
    timers.run();
    if (ran != timers_at_a_time / 2) {
      return state.SkipWithError("half of the timers were to run");
    }
  }
}
BENCHMARK(ManyTimers)->Apply(course::gate);

}  // namespace
