// Speed gate of exercise 14.1: an order of 64 fills is encoded and decoded. To make a text for
// each field's name, or to let the fills grow one by one, takes many times as long.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>
#include <wire_codec.hpp>

#include "course/gate.hpp"

namespace {

constexpr int orders = 500;

void ThereAndBack(benchmark::State& state) {
  Order order;
  order.id = 7;
  order.symbol = "ACME";
  for (std::uint32_t i = 0; i < 64; ++i) order.fills.push_back({1000 + i, i + 1});
  for (auto _ : state) {
    for (int i = 0; i < orders; ++i) {
      const std::vector<std::byte> bytes = encode(order);
      const std::variant<Order, WireError> back = decode(bytes);
      const Order* const same = std::get_if<Order>(&back);
      if (same == nullptr || same->fills.back().quantity != 64) {
        return state.SkipWithError("an order did not come back");
      }
    }
  }
}
BENCHMARK(ThereAndBack)->Apply(course::gate);

}  // namespace
