// Speed gate of exercise 8.1: the time in which a publisher hands many messages to two
// subscribers that another core reads with. The ring has 64 seats: a publisher that looks at all
// of them for each message, or takes a lock, needs several times as long.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <memory>
#include <thread>

#include "broadcast_ring.hpp"
#include "course/gate.hpp"

namespace {

using Ring = BroadcastRing<std::uint64_t>;

constexpr std::uint64_t messages = 400'000;

void publish_all(Ring& ring) {
  for (std::uint64_t message = 1; message <= messages; ++message) {
    while (!ring.try_publish(message)) std::this_thread::yield();
  }
}

// Reads with both until both have everything; returns the sum of what they got.
std::uint64_t receive_all(std::array<Ring::Subscriber, 2>& subscribers) {
  std::uint64_t sum = 0;
  for (std::uint64_t left = 2 * messages; left > 0;) {
    const std::uint64_t before = left;
    for (auto& subscriber : subscribers) {
      while (const auto message = subscriber.try_receive()) {
        sum += *message;
        --left;
      }
    }
    if (left == before) std::this_thread::yield();
  }
  return sum;
}

void TwoOfManySeats(benchmark::State& state) {
  for (auto _ : state) {
    const auto ring = std::make_unique<Ring>(1024, 64);
    std::array<Ring::Subscriber, 2> subscribers = {ring->subscribe(), ring->subscribe()};
    std::uint64_t sum = 0;
    course::together(2, [&](unsigned thread) {
      if (thread == 0) {
        publish_all(*ring);
      } else {
        sum = receive_all(subscribers);
      }
    });
    if (sum != messages * (messages + 1)) {
      return state.SkipWithError("a subscriber missed a message, or got one twice");
    }
  }
}
BENCHMARK(TwoOfManySeats)->Apply(course::gate);

}  // namespace
