// Speed gate of exercise 13.3: requests to sixteen services begin and end, some at a time.
#include <benchmark/benchmark.h>

#include <balancer.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <utility>

#include "course/gate.hpp"

namespace {

constexpr std::size_t services = 16;
constexpr std::size_t at_a_time = 64;
constexpr int requests = 20'000;

void ManyRequests(benchmark::State& state) {
  const Balancer::TimePoint now{};
  for (auto _ : state) {
    Balancer balancer(services, 13);
    std::deque<Balancer::Request> under_way;
    std::size_t counted = 0;
    for (int i = 0; i < requests; ++i) {
      auto request = balancer.take(now);
      if (!request) return state.SkipWithError("no service was chosen");
      under_way.push_back(std::move(*request));
      if (under_way.size() < at_a_time) continue;
      under_way.front().succeeded(now);
      under_way.pop_front();
    }
    for (std::size_t i = 0; i < services; ++i) counted += balancer.under_way(i);
    if (counted != at_a_time - 1) return state.SkipWithError("a request is missing");
    for (auto& request : under_way) request.succeeded(now);
  }
}
BENCHMARK(ManyRequests)->Apply(course::gate);

}  // namespace
