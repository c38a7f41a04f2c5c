// The worst machine there can be. It knows the rule, everything that happened so far, and
// the place in the block of each run; it slows whichever runs it likes. It does not know the
// coin. Ville's inequality says that even so two equal programs fail at most once in 10,000.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "gate/contest.hpp"
#include "gate/decision.hpp"
#include "gate/e_process.hpp"
#include "simulated_machine.hpp"

namespace course::gate {
namespace {

// The chance that the evidence of `signs` fair signs ever reaches `evidence`, exactly: how
// many of the signs were bad decides it, so the walk over (signs, bad ones) is enough.
double chance_of_reaching(double evidence, int signs) {
  std::vector<double> chance_of = {1};  // by the number of bad signs, not there yet
  double reached = 0;
  for (int n = 1; n <= signs; ++n) {
    std::vector<double> next(chance_of.size() + 1, 0.0);
    for (std::size_t bad = 0; bad < chance_of.size(); ++bad) {
      next[bad] += chance_of[bad] / 2;
      next[bad + 1] += chance_of[bad] / 2;
    }
    for (std::size_t bad = 0; bad < next.size(); ++bad) {
      EProcess process;
      for (int i = 0; i < n; ++i) process.add(i < static_cast<int>(bad));
      if (process.bad() < evidence) continue;
      reached += next[bad];
      next[bad] = 0;
    }
    chance_of = std::move(next);
  }
  return reached;
}

// Slows the first, fourth, fifth and eighth run of each block, so that the side that the
// coin put there loses, and by as much as the other would have lost.
class WorstMachine {
 public:
  Runner runner() {
    return [this](const Run& run) { return measure(run); };
  }

 private:
  Measurement measure(const Run& run) {
    constexpr int runs_to_calibrate = 9;
    const int place = runs_ < runs_to_calibrate ? -1 : (runs_ - runs_to_calibrate) % 8;
    ++runs_;
    const bool slowed = place == 0 || place == 3 || place == 4 || place == 7;
    Measurement measurement;
    measurement.end = End::measured;
    measurement.seconds = 1e-5 * static_cast<double>(run.iterations) * (slowed ? 2 : 1);
    measurement.our_clock = measurement.seconds + 0.001;
    return measurement;
  }

  int runs_ = 0;
};

constexpr double enough_seconds = 16;  // for about 100 blocks on that machine

// The blocks that fit, as `decide` counts them.
int blocks_in_time(const Rule& rule) {
  const double seconds_of_a_block = 4 * 0.011 + 4 * 0.021;
  return static_cast<int>(std::ceil(rule.seconds / seconds_of_a_block));
}

int failures(int gradings, const Rule& rule, bool with_coin) {
  int failed = 0;
  std::mt19937_64 draw(7);
  for (int i = 0; i < gradings; ++i) {
    WorstMachine machine;
    Contest contest(speed, {"student"}, {"reference"}, machine.runner(),
                    [&]() -> std::uint64_t { return with_coin ? draw() : 0; });
    if (decide(contest, speed, rule).verdict == Verdict::failed) ++failed;
  }
  return failed;
}

TEST(Ville, BoundsTheChanceOfAFalseFailure) {
  const double chance = chance_of_reaching(1e4, 200);
  std::printf("two equal programs on the worst machine fail once in %.0f gradings\n",
              1 / chance);
  EXPECT_LE(chance, 1e-4);
  EXPECT_GE(chance, 1e-5)
      << "a bound this loose says that the walk is not the worst case";
}

// At a lower bar than 10^4 failures are common enough to be counted: the real code, with its
// real coin, must fail as often as the exact walk says and no more often than Ville allows.
TEST(Ville, HoldsForTheWholeJudgement) {
  const Rule rule = {
      .bar = 0.70, .fail_at = 100, .pass_at = 1e12, .seconds = enough_seconds};
  constexpr int gradings = 20'000;
  const double exact = chance_of_reaching(rule.fail_at, blocks_in_time(rule));
  const double spread = std::sqrt(exact * (1 - exact) / gradings);
  const double counted = static_cast<double>(failures(gradings, rule, true)) / gradings;
  EXPECT_NEAR(counted, exact, 4 * spread);
  EXPECT_LE(counted, 1 / rule.fail_at + 4 * spread);
}

TEST(Ville, SeesAMissingCoin) {
  const Rule rule = {.bar = 0.70};
  EXPECT_EQ(failures(100, rule, false), 100)
      << "one of two equal programs always runs first";
}

// Looking after each block for a significance of 5 % is what the e-process replaces.
TEST(Ville, SeesPeekingAtAnOrdinaryTest) {
  const Rule peeking = {
      .bar = 0.70, .fail_at = 20, .pass_at = 1e12, .seconds = enough_seconds};
  EXPECT_GT(failures(2'000, peeking, true), 40);
}

}  // namespace
}  // namespace course::gate
