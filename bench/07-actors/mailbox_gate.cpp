// Speed gate of exercise 7.1: the time that batches of messages need to be pushed and popped.
// One thread does both, so that the mailbox's own steps are timed and no waiting is.
#include <benchmark/benchmark.h>

#include <cstdint>

#include "course/gate.hpp"
#include "mailbox.hpp"

namespace {

constexpr std::uint64_t batches = 200;
constexpr std::uint64_t batch = 200;

void PushAndPop(benchmark::State& state) {
  const course::OnOneCore while_measuring;
  for (auto _ : state) {
    Mailbox<std::uint64_t> mailbox;
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < batches; ++i) {
      for (std::uint64_t message = 0; message < batch; ++message) mailbox.push(message);
      for (std::uint64_t message = 0; message < batch; ++message) sum += mailbox.pop();
    }
    if (sum != batches * (batch * (batch - 1) / 2) || mailbox.try_pop()) {
      return state.SkipWithError("the consumer did not get every message once");
    }
  }
}
BENCHMARK(PushAndPop)->Apply(course::gate);

}  // namespace
