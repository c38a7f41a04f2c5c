// Speed gate of exercise 14.2: the time that a sender and a receiver need for a stream of
// short messages through one ring, each on a core of its own and as fast as it can. To copy a
// message twice, or to look at the other side's position for each, takes longer.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <message_ring.hpp>
#include <span>
#include <thread>

#include "course/gate.hpp"

namespace {

constexpr std::size_t capacity = 64 * 1024;
constexpr std::uint64_t messages = 300'000;
constexpr std::uint64_t sum_of_messages = messages * (messages + 1) / 2;

struct alignas(64) Memory {
  std::byte bytes[sizeof(MessageRing) + capacity];
};

// Where there is a core for each side it is there already; where there is not, this lets it
// have ours.
void wait_a_little(unsigned looks) {
  if (looks % 1024 == 0) std::this_thread::yield();
}

void send_all(MessageRing& ring) {
  MessageSender sender(ring);
  for (std::uint64_t message = 1; message <= messages; ++message) {
    const auto fill = [message](std::span<std::byte> bytes) {
      std::memcpy(bytes.data(), &message, sizeof message);
    };
    for (unsigned looks = 1; !sender.try_send(24, fill); ++looks) wait_a_little(looks);
  }
}

std::uint64_t sum_of_all(MessageRing& ring) {
  MessageReceiver receiver(ring);
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < messages; ++i) {
    const auto read = [&sum](Bytes bytes) {
      std::uint64_t message = 0;
      std::memcpy(&message, bytes.data(), sizeof message);
      sum += message;
    };
    for (unsigned looks = 1; !receiver.try_receive(read); ++looks) wait_a_little(looks);
  }
  return sum;
}

void Stream(benchmark::State& state) {
  for (auto _ : state) {
    const auto memory = std::make_unique<Memory>();
    MessageRing& ring = MessageRing::create(memory->bytes);
    std::uint64_t sum = 0;
    course::together(2, [&](unsigned side) {
      if (side == 0) {
        send_all(ring);
      } else {
        sum = sum_of_all(ring);
      }
    });
    if (sum != sum_of_messages) {
      return state.SkipWithError("the receiver did not get every message once");
    }
  }
}
BENCHMARK(Stream)->Apply(course::gate);

}  // namespace
