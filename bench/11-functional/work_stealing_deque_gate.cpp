// Speed gates of exercise 11.2: the deque where it is used, under a recursion that forks at
// each level. Alone, with a cut-off so low that the calls are most of the work, it is push and
// pop that count; with more threads, and more work in each call, each lives on what it steals.
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdint>
#include <work_stealing_deque.hpp>

#include "course/gate.hpp"
#include "stealing_team.hpp"

namespace {

using GateTeam = StealingTeam<WorkStealingDeque<Call*>>;

// fib(whole), with calls down to fib(cut_off).
struct Size {
  int whole;
  int cut_off;
  int result;
};
constexpr Size fine{24, 6, 46'368};
constexpr Size coarse{34, 20, 5'702'887};  // far more than waking a thief

int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

int fib_by(GateTeam& team, int n, int cut_off);

// The smaller branch, as a call of the team.
class Branch final : public Call {
 public:
  Branch(GateTeam& team, int n, int cut_off) : team_(team), n_(n), cut_off_(cut_off) {
    team_.fork(*this);
  }

  void run() noexcept override {
    GateTeam& team = team_;
    course::keep_to_one_core();
    result_ = fib_by(team, n_, cut_off_);
    over_.store(true, std::memory_order_release);
    team.wake();
  }

  int result() {
    while (!over_.load(std::memory_order_acquire)) {
      if (!team_.help()) team_.rest(over_);
    }
    return result_;
  }

 private:
  GateTeam& team_;
  const int n_;
  const int cut_off_;
  int result_ = 0;
  std::atomic<bool> over_ = false;
};

int fib_by(GateTeam& team, int n, int cut_off) {
  if (n <= cut_off) return fib(n);
  Branch smaller(team, n - 2, cut_off);
  const int larger = fib_by(team, n - 1, cut_off);
  return larger + smaller.result();
}

void recurse_by(unsigned threads, Size size, benchmark::State& state) {
  GateTeam team(threads - 1);
  // Once unmeasured: workers that have just been started have yet to reach their cores.
  static_cast<void>(fib_by(team, size.whole, size.cut_off));
  for (auto _ : state) {
    if (fib_by(team, size.whole, size.cut_off) != size.result) {
      return state.SkipWithError("a branch was lost, or taken twice");
    }
  }
}

void OwnerAlone(benchmark::State& state) { recurse_by(1, fine, state); }
BENCHMARK(OwnerAlone)->Apply(course::gate);

void MoreThieves(benchmark::State& state) {
  recurse_by(course::threads(), coarse, state);
}
BENCHMARK(MoreThieves)->Apply(course::gate);

}  // namespace
