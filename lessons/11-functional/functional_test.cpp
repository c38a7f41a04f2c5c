// Tests of the reference and of the two teams. Each opens with its property; where it is
// about several threads, `explore` looks for the schedule that breaks it.
#include "functional.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "interleave/interleave.hpp"
#include "locked_deque.hpp"
#include "stealing_team.hpp"
#include "team.hpp"

namespace {

using interleave::check;
using interleave::explore;

using Words = std::vector<std::string>;

const auto join = [](const std::string& left, const std::string& right) {
  return left + right;
};

// --- map and reduce -------------------------------------------------------------------

// The results stand in the order of the values, whichever call ends first.
TEST(Functional, MapKeepsTheOrder) {
  explore([] {
    ParallelWorkers<std::vector<int>> workers(2);
    const auto doubled =
        map(workers, std::vector{1, 2, 3}, 2, [](int value) { return 2 * value; });
    check(doubled == std::vector{2, 4, 6},
          "each result must stand where its value stood");
  });
}

// Joining words is associative and not commutative: they come out in their order.
TEST(Functional, ReduceKeepsTheOrder) {
  explore([] {
    ParallelWorkers<std::string> workers(2);
    const Words words = {"a", "b", "c"};
    check(reduce(workers, words, 1, std::string(), join) == "abc",
          "the pieces must be combined from left to right");
  });
}

// Nothing to do gives nothing, and no call is made.
TEST(Functional, NothingIsTheIdentity) {
  ParallelWorkers<std::string> workers(1);
  EXPECT_EQ(reduce(workers, Words(), 4, std::string("-"), join), "-");
}

// Whatever the cut-off, also one far beyond the values: the same result.
TEST(Functional, TheCutOffChangesNoResult) {
  ParallelWorkers<std::string> workers(2);
  const Words words = {"a", "b", "c", "d", "e", "f", "g"};
  for (const std::size_t cut_off : {1UL, 2UL, 3UL, 7UL, 8UL, ~0UL}) {
    EXPECT_EQ(reduce(workers, words, cut_off, std::string(), join), "abcdefg") << cut_off;
  }
}

// The values may change, or die, while the calls run: a call has copies.
TEST(Functional, ACallOwnsItsArguments) {
  explore([] {
    ParallelWorkers<int> workers(1);
    auto values = std::make_unique<std::vector<int>>(2, 21);
    auto results = call_on_pieces(workers, *values, 2, [](const std::vector<int>& piece) {
      return std::accumulate(piece.begin(), piece.end(), 0);
    });
    (*values)[0] = 0;
    values.reset();
    check(results.at(0).get() == 42, "a call must not see what happens to the values");
  });
}

// What a call throws comes out; the other calls harm nothing.
TEST(Functional, AnExceptionComesOut) {
  ParallelWorkers<std::vector<int>> workers(2);
  const auto picky = [](int value) {
    return value == 2 ? throw std::invalid_argument("two") : value;
  };
  EXPECT_THROW(static_cast<void>(map(workers, std::vector{1, 2, 3}, 1, picky)),
               std::invalid_argument);
}

// --- The teams ------------------------------------------------------------------------

// Says when it has run, as a waiting thread needs to know it.
class Marked final : public Call {
 public:
  explicit Marked(auto& team) : wake_([&team] { team.wake(); }) {}
  void run() noexcept override {
    const std::function<void()> wake = wake_;  // the mark may end this object's life
    ++runs_;
    over_.store(true, std::memory_order_release);
    wake();
  }
  [[nodiscard]] const std::atomic<bool>& over() const { return over_; }
  [[nodiscard]] int runs() const { return runs_; }

 private:
  std::function<void()> wake_;
  int runs_ = 0;
  std::atomic<bool> over_ = false;
};

template <typename SomeTeam>
void wait_for(SomeTeam& team, const Marked& call) {
  while (!call.over().load(std::memory_order_acquire)) {
    if (!team.help()) team.rest(call.over());
  }
}

using StealingFromLocked = StealingTeam<LockedDeque<Call*>>;

template <typename SomeTeam>
class TeamTest : public testing::Test {};

using Teams = testing::Types<Team, StealingFromLocked>;
TYPED_TEST_SUITE(TeamTest, Teams);

// Each forked call runs once, and the thread that waits for it is woken.
TYPED_TEST(TeamTest, RunsEachCallOnce) {
  explore([] {
    TypeParam team(1);
    const auto first = std::make_unique<Marked>(team);
    const auto second = std::make_unique<Marked>(team);
    team.fork(*first);
    team.fork(*second);
    wait_for(team, *first);
    wait_for(team, *second);
    check(first->runs() == 1 && second->runs() == 1, "each call must run exactly once");
  });
}

// A worker that is not asked to help runs the call all the same.
TYPED_TEST(TeamTest, AWorkerTakesTheCall) {
  explore([] {
    TypeParam team(1);
    const auto call = std::make_unique<Marked>(team);
    team.fork(*call);
    while (!call->over().load(std::memory_order_acquire)) std::this_thread::yield();
    check(call->runs() == 1, "the call must run once");
  });
}

// Without workers the leader runs everything itself.
TYPED_TEST(TeamTest, TheLeaderAloneIsATeam) {
  explore([] {
    TypeParam team(0);
    const auto call = std::make_unique<Marked>(team);
    team.fork(*call);
    check(!call->over(), "no one else is there to run it");
    wait_for(team, *call);
    check(call->runs() == 1 && !team.help(), "one call ran, and none is left");
  });
}

// A team without a call ends.
TYPED_TEST(TeamTest, EndsWithoutHavingWorked) {
  explore([] { TypeParam team(2); });
}

}  // namespace
