// Speed gate of exercise 6.2: one client sends some thousand short lines at once. To read a
// byte at a time, or to make a system call for each answer, takes many times as long. Client
// and server take turns on one thread: nothing is measured but the server's work.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <line_server.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "course/gate.hpp"
#include "sockets.hpp"

namespace {

constexpr int lines = 4'000;

void LinesAtOnce(benchmark::State& state) {
  LineServer server(0, [](std::string_view line) { return std::string(line); });
  Client client = Client::connected_to(server.port());
  std::string all;
  for (int line = 0; line < lines; ++line) all += std::to_string(line) + "\n";
  for (auto _ : state) {
    client.send(all);
    while (server.run_once(Limit(0)) > 0) {
    }
    for (int line = 0; line < lines; ++line) {
      if (client.line() != std::to_string(line)) {
        return state.SkipWithError("an answer is missing");
      }
    }
  }
}
BENCHMARK(LinesAtOnce)->Apply(course::gate);

}  // namespace
