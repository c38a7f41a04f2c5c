// Speed gate of exercise 15.1: two leaders on a core each bring the orders of half of the symbols,
// and exchange the halves midway. Were each symbol's orders dealt to both like cards, the leader
// that is behind would match also what the other left for it, and fall further behind.
//
// The same for one lock before all books, which matches orders as they come and so has less to do:
// the gain over it is what is judged, and what the defence claims.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <order_flow.hpp>
#include <vector>

#include "course/gate.hpp"

namespace {

constexpr std::uint32_t symbols = 64;
constexpr std::uint32_t leaders = 2;

const Orders& orders() {
  static const Orders all = recorded_stream(15, 2'000, symbols, 1'000);
  return all;
}

std::vector<Orders> exchanged_midway() {
  std::vector<Orders> parts(leaders);
  for (const Order& order : orders()) {
    const bool second_half = order.id >= orders().size() / 2;
    parts[(order.symbol + (second_half ? 1 : 0)) % leaders].push_back(order);
  }
  return parts;
}

// A new flow for each iteration; the last one is returned.
template <typename Flow>
std::unique_ptr<Flow> bring_all(benchmark::State& state) {
  const std::vector<Orders> parts = exchanged_midway();
  std::unique_ptr<Flow> flow;
  for (auto _ : state) {
    flow = std::make_unique<Flow>(symbols);
    course::together(leaders, [&](unsigned self) {
      for (const Order& order : parts[self]) flow->submit(order);
    });
    benchmark::DoNotOptimize(flow->report(0));
  }
  return flow;
}

class OneLock {
 public:
  explicit OneLock(std::uint32_t count) : books_(count) {}

  void submit(const Order& order) {
    const std::scoped_lock lock(mutex_);
    books_[order.symbol].execute(order, trades_);
  }
  [[nodiscard]] std::size_t report(std::uint32_t) {
    const std::scoped_lock lock(mutex_);
    return trades_.size();
  }

 private:
  std::mutex mutex_;
  std::vector<OrderBook> books_;
  Trades trades_;
};

void expect_sequential_trades(benchmark::State& state, OrderFlow& flow) {
  std::vector<Trades> trades;
  for (std::uint32_t symbol = 0; symbol < symbols; ++symbol) {
    trades.push_back(flow.report(symbol).trades);
  }
  if (hash_of(observed(trades)) != hash_of(sequential(orders(), symbols))) {
    state.SkipWithError("other trades than the sequential ones");
  }
}

void Flow(benchmark::State& state) {
  const auto flow = bring_all<OrderFlow>(state);
  if (flow != nullptr) expect_sequential_trades(state, *flow);
}
BENCHMARK(Flow)->Apply(course::gate);
BENCHMARK(Flow)->Name("Defence")->Apply(course::gate);

void OneLockBeforeAll(benchmark::State& state) {
  static_cast<void>(bring_all<OneLock>(state));
}
BENCHMARK(OneLockBeforeAll)->Name("OneLock")->Apply(course::gate);

}  // namespace
