// Lesson 11's benchmarks: a reduction by grain, a recursion of equal and of unequal branches,
// and a graph of calls, each beside the libraries that do the same.
//
// "ours" is the exercises' solutions together: parallel_reduce and task_graph on a
// StealingTeam whose threads each have a work_stealing_deque. Every series makes the same
// calls of the same functions; only who runs them, and how they wait, differs.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "../../solutions/11-functional/parallel_reduce.hpp"
#include "../../solutions/11-functional/task_graph.hpp"
#include "../../solutions/11-functional/work_stealing_deque.hpp"
#include "course/busywork.hpp"
#include "machine/usable_cores.hpp"
#include "stealing_team.hpp"

#if COURSE_HAS_TBB
#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/parallel_reduce.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <execution>
#endif

namespace {

using Ours = StealingTeam<WorkStealingDeque<Call*>>;

constexpr int two_threads = 2;

// The leader is one of them.
unsigned workers_for(int threads) { return static_cast<unsigned>(threads) - 1; }

void tell(benchmark::State& state, std::size_t items, const char* what) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(items));
  state.SetLabel(what);
}

// Ends a benchmark whose result is wrong.
void expect(benchmark::State& state, bool holds) {
  if (!holds) state.SkipWithError("the result is wrong");
}

// --- A reduction, by grain --------------------------------------------------------------

constexpr std::size_t elements = 1'000'000;

// A few nanoseconds of work for one element, since a processor works on several at once.
std::uint64_t value_of(std::size_t element) { return course::busywork(element + 1, 8); }

std::uint64_t sum_of(std::size_t first, std::size_t last) {
  std::uint64_t sum = 0;
  for (std::size_t i = first; i < last; ++i) sum += value_of(i);
  return sum;
}

template <typename Sum>
void sum_all(benchmark::State& state, const Sum& sum) {
  static const std::uint64_t expected = sum_of(0, elements);
  for (auto _ : state) expect(state, sum() == expected);
  tell(state, elements, "elements per second");
}

std::size_t grain_of(const benchmark::State& state) {
  return static_cast<std::size_t>(state.range(0));
}

void sum_ours(benchmark::State& state) {
  Ours team(workers_for(two_threads));
  sum_all(state, [&] {
    return parallel_reduce(team, 0, elements, grain_of(state), sum_of, std::plus<>());
  });
}

void sum_in_a_loop(benchmark::State& state) {
  sum_all(state, [] { return sum_of(0, elements); });
}

#if COURSE_HAS_TBB
void sum_tbb(benchmark::State& state) {
  using Range = tbb::blocked_range<std::size_t>;
  tbb::task_arena arena(two_threads);
  sum_all(state, [&] {
    return arena.execute([&] {
      return tbb::parallel_reduce(
          Range(0, elements, grain_of(state)), std::uint64_t{0},
          [](const Range& range, std::uint64_t sum) {
            return sum + sum_of(range.begin(), range.end());
          },
          std::plus<>(), tbb::simple_partitioner());
    });
  });
}

// It chooses its grain itself.
void sum_std(benchmark::State& state) {
  std::vector<std::size_t> indices(elements);
  std::iota(indices.begin(), indices.end(), 0);
  tbb::task_arena arena(two_threads);
  sum_all(state, [&] {
    return arena.execute([&] {
      return std::transform_reduce(std::execution::par, indices.begin(), indices.end(),
                                   std::uint64_t{0}, std::plus<>(), value_of);
    });
  });
}
#endif

#if COURSE_HAS_OPENMP
void sum_openmp(benchmark::State& state) {
  const auto grain = static_cast<int>(state.range(0));
  sum_all(state, [grain] {
    std::uint64_t sum = 0;
#pragma omp parallel for num_threads(two_threads) schedule(dynamic, grain) \
    reduction(+ : sum)
    for (std::size_t i = 0; i < elements; ++i) sum += value_of(i);
    return sum;
  });
}
#endif

// --- Recursions ---------------------------------------------------------------------------

// A recursion in two branches: how a problem is cut, and what is done below the cut-off.
struct Fibonacci {
  using Problem = int;
  static constexpr Problem whole = 30;
  static constexpr Problem cut_off = 12;
  static constexpr std::size_t leaves = 832'040;  // of value 1, if there were no cut-off

  static bool is_small(Problem n) { return n <= cut_off; }
  static Problem left(Problem n) { return n - 1; }
  static Problem right(Problem n) { return n - 2; }
  static std::uint64_t solve(Problem n) {
    return n < 2 ? n : solve(n - 1) + solve(n - 2);
  }
};

// One branch has an eighth of the leaves, the other all the rest: no cut in equal numbers
// of branches gives two threads the same work.
struct UnequalTree {
  using Problem = int;
  static constexpr Problem whole = 200'000;
  static constexpr Problem cut_off = 64;
  static constexpr std::size_t leaves = whole;

  static bool is_small(Problem n) { return n <= cut_off; }
  static Problem left(Problem n) { return n / 8; }
  static Problem right(Problem n) { return n - n / 8; }
  static std::uint64_t solve(Problem n) {
    std::uint64_t sum = 0;
    for (Problem i = 0; i < n; ++i) sum += course::busywork(1, 8) != 0;
    return sum;
  }
};

template <typename Tree>
std::uint64_t alone(typename Tree::Problem n) {
  if (Tree::is_small(n)) return Tree::solve(n);
  return alone<Tree>(Tree::left(n)) + alone<Tree>(Tree::right(n));
}

template <typename Tree, typename Solve>
void solve_whole(benchmark::State& state, const Solve& solve) {
  for (auto _ : state) expect(state, solve() == Tree::leaves);
  tell(state, Tree::leaves, "leaves per second");
}

template <typename Tree>
void recursion_alone(benchmark::State& state) {
  solve_whole<Tree>(state, [] { return alone<Tree>(Tree::whole); });
}

template <typename Tree>
std::uint64_t by_ours(Ours& team, typename Tree::Problem n) {
  if (Tree::is_small(n)) return Tree::solve(n);
  const auto solve_right = [&team, n] { return by_ours<Tree>(team, Tree::right(n)); };
  Forked<std::uint64_t, Ours, decltype(solve_right)> right(team, solve_right);
  const std::uint64_t left = by_ours<Tree>(team, Tree::left(n));
  return left + right.result();
}

template <typename Tree>
void recursion_ours(benchmark::State& state) {
  Ours team(workers_for(static_cast<int>(state.range(0))));
  solve_whole<Tree>(state, [&team] { return by_ours<Tree>(team, Tree::whole); });
}

#if COURSE_HAS_TBB
template <typename Tree>
std::uint64_t by_tbb(typename Tree::Problem n) {
  if (Tree::is_small(n)) return Tree::solve(n);
  std::uint64_t right = 0;
  tbb::task_group group;
  group.run([&right, n] { right = by_tbb<Tree>(Tree::right(n)); });
  const std::uint64_t left = by_tbb<Tree>(Tree::left(n));
  group.wait();
  return left + right;
}

template <typename Tree>
void recursion_tbb(benchmark::State& state) {
  tbb::task_arena arena(static_cast<int>(state.range(0)));
  solve_whole<Tree>(state, [&arena] {
    return arena.execute([] { return by_tbb<Tree>(Tree::whole); });
  });
}
#endif

#if COURSE_HAS_OPENMP
template <typename Tree>
std::uint64_t by_openmp(typename Tree::Problem n) {
  if (Tree::is_small(n)) return Tree::solve(n);
  std::uint64_t right = 0;
#pragma omp task shared(right) firstprivate(n)
  right = by_openmp<Tree>(Tree::right(n));
  const std::uint64_t left = by_openmp<Tree>(Tree::left(n));
#pragma omp taskwait
  return left + right;
}

template <typename Tree>
void recursion_openmp(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  solve_whole<Tree>(state, [threads] {
    std::uint64_t sum = 0;
#pragma omp parallel num_threads(threads)
#pragma omp single
    sum = by_openmp<Tree>(Tree::whole);
    return sum;
  });
}
#endif

// --- A graph of calls -----------------------------------------------------------------------

// Each call of a square waits for the one on its left and the one above it.
constexpr std::size_t side = 48;
constexpr int steps_of_a_call = 1'200;  // some two microseconds

std::uint64_t cell_value(std::uint64_t left, std::uint64_t above) {
  return course::busywork((left ^ (above << 1)) | 1, steps_of_a_call);
}

// The last cell, worked out row by row.
std::uint64_t corner_alone() {
  std::vector<std::uint64_t> row(side, 0);
  for (std::size_t y = 0; y < side; ++y) {
    for (std::size_t x = 0; x < side; ++x) {
      row[x] = cell_value(x > 0 ? row[x - 1] : 0, row[x]);
    }
  }
  return row.back();
}

template <typename Run>
void run_grid(benchmark::State& state, const Run& run) {
  static const std::uint64_t expected = corner_alone();
  for (auto _ : state) expect(state, run() == expected);
  tell(state, side * side, "calls per second");
}

void grid_alone(benchmark::State& state) { run_grid(state, corner_alone); }

void grid_ours(benchmark::State& state) {
  using Graph = TaskGraph<std::uint64_t>;
  Graph graph;
  for (std::size_t y = 0; y < side; ++y) {
    for (std::size_t x = 0; x < side; ++x) {
      const bool has_left = x > 0;
      const auto node = graph.add("cell", [has_left](const auto& arguments) {
        if (arguments.size() == 2) return cell_value(arguments[0], arguments[1]);
        if (arguments.empty()) return cell_value(0, 0);
        return has_left ? cell_value(arguments[0], 0) : cell_value(0, arguments[0]);
      });
      if (has_left) graph.feed(node - 1, node);
      if (y > 0) graph.feed(node - side, node);
    }
  }
  Ours team(workers_for(static_cast<int>(state.range(0))));
  run_grid(state, [&] {
    graph.run(team);
    return graph.result(side * side - 1);
  });
}

#if COURSE_HAS_TBB
void grid_tbb(benchmark::State& state) {
  using Cell = tbb::flow::continue_node<tbb::flow::continue_msg>;
  tbb::task_arena arena(static_cast<int>(state.range(0)));
  arena.execute([&] {
    tbb::flow::graph graph;
    std::vector<std::uint64_t> values(side * side, 0);
    std::vector<std::unique_ptr<Cell>> cells;
    for (std::size_t at = 0; at < side * side; ++at) {
      cells.push_back(std::make_unique<Cell>(graph, [&values, at](const auto& message) {
        values[at] = cell_value(at % side > 0 ? values[at - 1] : 0,
                                at >= side ? values[at - side] : 0);
        return message;
      }));
      if (at % side > 0) tbb::flow::make_edge(*cells[at - 1], *cells[at]);
      if (at >= side) tbb::flow::make_edge(*cells[at - side], *cells[at]);
    }
    run_grid(state, [&] {
      cells[0]->try_put(tbb::flow::continue_msg());
      graph.wait_for_all();
      return values.back();
    });
  });
}
#endif

#if COURSE_HAS_OPENMP
void grid_openmp(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  // One row and one column of zeros more, so that every cell has both neighbours.
  constexpr std::size_t stride = side + 1;
  std::vector<std::uint64_t> values(stride * stride, 0);
  std::uint64_t* const all = values.data();
  run_grid(state, [&] {
#pragma omp parallel num_threads(threads)
#pragma omp single
    for (std::size_t y = 1; y < stride; ++y) {
      for (std::size_t x = 1; x < stride; ++x) {
        std::uint64_t* const cell = all + y * stride + x;
        // The names that `depend` needs are only read by it.
        [[maybe_unused]] const std::uint64_t* const left = cell - 1;
        [[maybe_unused]] const std::uint64_t* const above = cell - stride;
#pragma omp task firstprivate(cell) depend(in : left[0], above[0]) depend(out : cell[0])
        *cell = cell_value(*(cell - 1), *(cell - stride));
      }
    }
    return values.back();
  });
}
#endif

// --- What is plotted ------------------------------------------------------------------------

using Body = void (*)(benchmark::State&);

// The name of a series in a plot. What threads gain cannot be seen on one core: the title says
// so there.
std::string name_of(const std::string& plot, const char* series) {
  const bool one_core = course::machine::usable_cores() == 1;
  return plot + (one_core ? " (all threads on one core)" : "") + "/" + series;
}

void by_grain(const char* series, Body body) {
  const std::string name = name_of("A sum by grain on 2 threads", series);
  auto* plot = benchmark::RegisterBenchmark(name.c_str(), body)->ArgName("grain");
  for (std::int64_t grain = 1; grain <= 1'000'000; grain *= 10) plot->Arg(grain);
  plot->UseRealTime();
}

void by_threads(const char* plot, const char* series, Body body) {
  const std::string name = name_of(plot, series);
  benchmark::RegisterBenchmark(name.c_str(), body)
      ->ArgName("threads")
      ->Arg(1)
      ->Arg(2)
      ->Arg(4)
      ->UseRealTime();
}

void without_calls(const char* series, Body body) {
  const std::string name =
      std::string("The same work by one thread in plain functions/") + series;
  benchmark::RegisterBenchmark(name.c_str(), body)->UseRealTime();
}

template <typename Tree>
void add_recursion(const char* plot) {
  by_threads(plot, "ours", recursion_ours<Tree>);
#if COURSE_HAS_TBB
  by_threads(plot, "oneTBB task_group", recursion_tbb<Tree>);
#endif
#if COURSE_HAS_OPENMP
  by_threads(plot, "OpenMP tasks", recursion_openmp<Tree>);
#endif
}

const bool registered = [] {
  by_grain("ours", sum_ours);
#if COURSE_HAS_TBB
  by_grain("oneTBB parallel_reduce", sum_tbb);
  by_grain("std::transform_reduce(par)", sum_std);
#endif
#if COURSE_HAS_OPENMP
  by_grain("OpenMP reduction", sum_openmp);
#endif

  add_recursion<Fibonacci>("fib(30) with a cut-off at 12");
  add_recursion<UnequalTree>("A tree of unequal branches");

  constexpr const char* grid = "A square of calls that wait for their neighbours";
  by_threads(grid, "ours", grid_ours);
#if COURSE_HAS_TBB
  by_threads(grid, "oneTBB flow::graph", grid_tbb);
#endif
#if COURSE_HAS_OPENMP
  by_threads(grid, "OpenMP tasks with depend", grid_openmp);
#endif

  // What the calls cost beyond their work: compare with "ours" at one thread.
  without_calls("a sum of a million elements", sum_in_a_loop);
  without_calls("fib(30)", recursion_alone<Fibonacci>);
  without_calls("a tree of unequal branches", recursion_alone<UnequalTree>);
  without_calls("a square of cells", grid_alone);
  return true;
}();

}  // namespace
