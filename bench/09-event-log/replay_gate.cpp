// Speed gate of exercise 9.2: the time in which a long log is replayed from its beginning, by one
// thread, and the state written as text at its end. There are a thousand names and a thousand
// clients: what copies the state for each command needs many times as long.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "course/gate.hpp"
#include "replay.hpp"

namespace {

constexpr std::uint64_t commands = 20'000;
constexpr std::uint64_t names = 1'000;

// Each client asks for its own name again and again.
std::vector<std::string> log_of_prolongations() {
  std::vector<std::string> log;
  for (std::uint64_t n = 0; n < commands; ++n) {
    const std::uint64_t client = 1 + n % names;
    log.push_back(std::to_string(client) + " " + std::to_string(1 + n / names) + " " +
                  std::to_string(n) + " name" + std::to_string(client) + " 5000");
  }
  return log;
}

void ReplayOfALongLog(benchmark::State& state) {
  const std::vector<std::string> log = log_of_prolongations();
  for (auto _ : state) {
    Snapshot rebuilt;
    for (std::size_t i = 0; i < log.size(); ++i) replay(rebuilt, i + 1, log[i]);
    const std::string text = rebuilt.leases.text();
    if (rebuilt.last != commands || !text.starts_with("lease name1 1 24000\n")) {
      return state.SkipWithError("the state is not what the log makes");
    }
  }
}
BENCHMARK(ReplayOfALongLog)->Apply(course::gate);

}  // namespace
