// Speed gates of exercise 11.1: the time that a team needs to reduce a range. In small pieces
// the calls count, in large ones whether more threads are faster.
//
// The team is the lesson's, whose threads steal from deques under a lock: it is the same for
// all that is compared here.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <parallel_reduce.hpp>

#include "course/busywork.hpp"
#include "course/gate.hpp"
#include "locked_deque.hpp"
#include "stealing_team.hpp"

namespace {

using GateTeam = StealingTeam<LockedDeque<Call*>>;

// How many elements, how much work for each, and how many of them make a piece.
struct Size {
  std::size_t elements;
  int steps;
  std::size_t grain;
};
constexpr Size fine{200'000, 2, 64};
constexpr Size coarse{512, 6'000, 8};

std::uint64_t sum_of(Size size, std::size_t first, std::size_t last) {
  std::uint64_t sum = 0;
  for (std::size_t i = first; i < last; ++i) sum += course::busywork(i + 1, size.steps);
  return sum;
}

std::uint64_t sum_by(GateTeam& team, Size size) {
  const auto piece = [size](std::size_t first, std::size_t last) {
    course::keep_to_one_core();
    return sum_of(size, first, last);
  };
  return parallel_reduce(team, 0, size.elements, size.grain, piece, std::plus<>());
}

void reduce_by(unsigned threads, Size size, benchmark::State& state) {
  const std::uint64_t expected = sum_of(size, 0, size.elements);
  GateTeam team(threads - 1);
  // Once unmeasured: workers that have just been started have yet to reach their cores.
  static_cast<void>(sum_by(team, size));
  for (auto _ : state) {
    if (sum_by(team, size) != expected) return state.SkipWithError("the sum is wrong");
  }
}

void FineGrain(benchmark::State& state) { reduce_by(1, fine, state); }
BENCHMARK(FineGrain)->Apply(course::gate);

void MoreThreads(benchmark::State& state) { reduce_by(course::threads(), coarse, state); }
BENCHMARK(MoreThreads)->Apply(course::gate);

}  // namespace
