// Speed gates of exercise 11.3: the time that a team needs for a graph of calls. Where the
// calls do nothing, what the graph does for each of them counts; where they compute, whether
// more threads are faster.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <task_graph.hpp>
#include <vector>

#include "course/busywork.hpp"
#include "course/gate.hpp"
#include "locked_deque.hpp"
#include "stealing_team.hpp"

namespace {

using GateTeam = StealingTeam<LockedDeque<Call*>>;
using Graph = TaskGraph<std::uint64_t>;

// Rows of calls, each of which needs two calls of the row before.
struct Shape {
  std::size_t rows;
  std::size_t width;
  int steps;  // of work in each call
};
constexpr Shape busy{60, 40, 1};
constexpr Shape coarse{8, 16, 20'000};

void fill(Graph& graph, Shape shape) {
  const int steps = shape.steps;
  for (std::size_t i = 0; i < shape.rows * shape.width; ++i) {
    const auto node =
        graph.add("call", [steps](const std::vector<std::uint64_t>& inputs) {
          course::keep_to_one_core();
          std::uint64_t value = 1;
          for (const std::uint64_t input : inputs) value += input;
          return course::busywork(value | 1, steps) % 1'000 + 1;
        });
    if (i < shape.width) continue;
    const std::size_t row = i - i % shape.width;
    graph.feed(node - shape.width, node);
    graph.feed(row - shape.width + (i + 1) % shape.width, node);
  }
}

void run_by(unsigned threads, Shape shape, benchmark::State& state) {
  Graph graph;
  fill(graph, shape);
  const Graph::Node last = shape.rows * shape.width - 1;
  GateTeam alone(0);
  graph.run(alone);
  const std::uint64_t expected = graph.result(last);
  GateTeam team(threads - 1);
  // Once unmeasured: workers that have just been started have yet to reach their cores.
  graph.run(team);
  for (auto _ : state) {
    graph.run(team);
    if (graph.result(last) != expected) return state.SkipWithError("a result is wrong");
  }
}

void SmallCalls(benchmark::State& state) { run_by(1, busy, state); }
BENCHMARK(SmallCalls)->Apply(course::gate);

void MoreThreads(benchmark::State& state) { run_by(course::threads(), coarse, state); }
BENCHMARK(MoreThreads)->Apply(course::gate);

}  // namespace
