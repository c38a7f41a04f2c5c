// Speed gate of exercise 8.2: the time in which a thread receives many messages from eight
// channels, of which two have something each time. It is the sender as well, so that nothing
// depends on when another thread runs.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "channel.hpp"
#include "course/gate.hpp"
#include "select.hpp"

namespace {

constexpr std::size_t count = 8;
constexpr std::uint64_t messages = 100'000;

void EightChannels(benchmark::State& state) {
  std::vector<std::unique_ptr<Channel<std::uint64_t>>> channels;
  std::vector<Channel<std::uint64_t>*> listed;
  for (std::size_t i = 0; i < count; ++i) {
    channels.push_back(std::make_unique<Channel<std::uint64_t>>(4, Slow::kWait));
    listed.push_back(channels.back().get());
  }
  for (auto _ : state) {
    Select<std::uint64_t> select(listed, 1);
    std::uint64_t sum = 0;
    for (std::uint64_t message = 1; message <= messages; message += 2) {
      channels[message % count]->send(message);
      channels[(message + 3) % count]->send(message + 1);
      for (int i = 0; i < 2; ++i) {
        const auto selected = select.receive();
        if (!selected || !selected->message) {
          return state.SkipWithError("a message was lost");
        }
        sum += *selected->message;
      }
    }
    if (sum != messages * (messages + 1) / 2) {
      return state.SkipWithError("a message was lost, or taken twice");
    }
  }
}
BENCHMARK(EightChannels)->Apply(course::gate);

}  // namespace
