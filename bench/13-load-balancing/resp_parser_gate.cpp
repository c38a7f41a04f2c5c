// Speed gate of exercise 13.1: one array of some thousand values comes in small pieces. To look
// at it from its beginning with each piece takes many times as long.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <resp_parser.hpp>
#include <string>
#include <string_view>

#include "course/gate.hpp"

namespace {

constexpr std::size_t values = 4'000;
constexpr std::size_t piece = 100;

void RepliesInPieces(benchmark::State& state) {
  std::string bytes = "*" + std::to_string(values) + "\r\n";
  for (std::size_t i = 0; i < values; ++i) {
    bytes += i % 2 == 0 ? "$10\r\n0123456789\r\n" : ":" + std::to_string(i) + "\r\n";
  }
  for (auto _ : state) {
    RespParser parser;
    std::size_t items = 0;
    for (std::size_t i = 0; i < bytes.size(); i += piece) {
      parser.feed(std::string_view(bytes).substr(i, piece),
                  [&](const Value& value) { items += value.items.size(); });
    }
    if (items != values) return state.SkipWithError("a value is missing");
  }
}
BENCHMARK(RepliesInPieces)->Apply(course::gate);

}  // namespace
