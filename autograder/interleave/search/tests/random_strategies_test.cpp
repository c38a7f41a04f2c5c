// Properties: PCT finds a bug of depth d at least as often as its theorem says; POS meets
// the orders of independent pairs about equally often; yielding never starves the others.
#include <gtest/gtest.h>

#include <cmath>

#include "every_schedule.hpp"
#include "interleave/search/pct.hpp"

namespace interleave::simulation {
namespace {

// Depth 2: thread 1's test must come between two neighbouring writes of thread 0, behind
// `before` others. Thread 1 reads 1 then.
Program needle(std::size_t before, std::size_t behind) {
  Program program;
  program.threads.resize(2);
  program.threads[0].assign(before, {Do::kWrite, 1, 7});
  program.threads[0].push_back({Do::kWrite, 0, 1});
  program.threads[0].push_back({Do::kWrite, 0, 2});
  program.threads[0].insert(program.threads[0].end(), behind, {Do::kWrite, 1, 7});
  program.threads[1] = {{Do::kRead, 0, 0}};
  return program;
}

// Depth 3: thread 1 must read 1 and then 2 of values that thread 0 writes in turn.
Program two_needles(std::size_t before) {
  Program program = needle(before, before);
  program.threads[1].push_back({Do::kRead, 0, 0});
  return program;
}

double share_of(const Program& program, Strategy& strategy, std::string_view wanted,
                std::uint64_t schedules) {
  std::uint64_t hits = 0;
  for (std::uint64_t number = 0; number < schedules; ++number) {
    hits += run(program, strategy).outcome.find(wanted) != std::string::npos ? 1 : 0;
  }
  return static_cast<double>(hits) / static_cast<double>(schedules);
}

// The longest run has this many decisions; each counts as one of PCT's k.
std::size_t most_decisions(const Program& program) {
  const auto everything = make_strategy("exhaustive", {});
  std::size_t most = 0;
  while (!everything->finished()) {
    most = std::max(most, run(program, *everything).taken.size());
  }
  return most;
}

TEST(Pct, FindsABugOfDepthTwoAsOftenAsPromised) {
  for (const std::size_t length : {2U, 5U, 10U, 20U}) {
    const Program program = needle(length, length);
    Pct pct(2, 11);
    const double share = share_of(program, pct, "T1: 1 ", 20'000);
    const double promised = 1.0 / (2.0 * static_cast<double>(most_decisions(program)));
    // Three standard deviations of 20,000 draws.
    const double noise = 3 * std::sqrt(promised / 20'000);
    EXPECT_GE(share, promised - noise) << "length " << length;
  }
}

TEST(Pct, FindsABugOfDepthThreeAsOftenAsPromised) {
  for (const std::size_t length : {2U, 4U, 8U}) {
    const Program program = two_needles(length);
    Pct pct(3, 12);
    const double share = share_of(program, pct, "T1: 1 2 ", 40'000);
    const auto decisions = static_cast<double>(most_decisions(program));
    const double promised = 1.0 / (2.0 * decisions * decisions);
    const double noise = 3 * std::sqrt(promised / 40'000);
    EXPECT_GE(share, promised - noise) << "length " << length;
  }
}

TEST(Pct, ItsBoundFallsWithTheSchedulesAndNeverPromisesTooMuch) {
  const Program program = needle(10, 10);
  std::uint64_t missed = 0;
  double bounds = 0;
  constexpr int kTrials = 400;
  for (int trial = 0; trial < kTrials; ++trial) {
    Pct pct(2, 1000 + static_cast<std::uint64_t>(trial));
    double before = 1;
    bool found = false;
    for (int schedule = 0; schedule < 100; ++schedule) {
      found |= run(program, pct).outcome.find("T1: 1 ") != std::string::npos;
      if (schedule == 50) before = pct.missed();
    }
    EXPECT_LT(pct.missed(), before);
    bounds += pct.missed();
    missed += found ? 0 : 1;
  }
  EXPECT_LE(static_cast<double>(missed), bounds + 3 * std::sqrt(bounds));
}

TEST(Pct, PromisesNothingBeforeItKnowsTheLengthOfASchedule) {
  Pct pct(3, 1);
  EXPECT_EQ(pct.missed(), 1);
  (void)run(needle(5, 5), pct);
  EXPECT_EQ(pct.missed(), 1);
}

TEST(Pos, DrawsTheOrdersOfIndependentPairsAboutEqually) {
  // Two pairs of writers in four threads: 2 x 2 traces. A random walk over steps would do
  // as well here; it must not be worse.
  Program program;
  program.threads = {{{Do::kWrite, 0, 1}},
                     {{Do::kWrite, 0, 2}},
                     {{Do::kWrite, 1, 1}},
                     {{Do::kWrite, 1, 2}}};
  const auto pos = make_strategy("pos", {});
  std::map<std::uint64_t, std::uint64_t> traces;
  for (int schedule = 0; schedule < 4000; ++schedule) ++traces[run(program, *pos).trace];
  ASSERT_EQ(traces.size(), 4U);
  for (const auto& [trace, count] : traces)
    EXPECT_NEAR(static_cast<double>(count), 1000, 150);
}

TEST(Pos, IndependentStepsDoNotHideADependentPair) {
  // Yuan, Yang and Gu's motivation: the last write of a long thread must come before the
  // only write of a short one. A uniform random walk gets there with 2^-(length + 1).
  Program program;
  program.threads.resize(2);
  program.threads[0].assign(12, {Do::kWrite, 1, 1});
  program.threads[0].push_back({Do::kWrite, 0, 1});
  program.threads[1] = {{Do::kRead, 0, 0}};
  const auto pos = make_strategy("pos", {});
  const auto walk = make_strategy("sticky50", {});
  const double by_pos = share_of(program, *pos, "T1: 1 ", 4000);
  const double by_walk = share_of(program, *walk, "T1: 1 ", 4000);
  EXPECT_GT(by_pos, 0.05);
  EXPECT_GT(by_pos, 20 * by_walk);
}

TEST(RandomStrategies, LetOthersRunWhenAThreadOnlyYields) {
  Program program;
  program.threads.resize(2);
  program.threads[0].assign(30, {Do::kYield, 0, 0});
  program.threads[1].assign(3, {Do::kWrite, 0, 1});
  for (const std::string_view name : {"pct2", "pct3", "pct4", "pos", "sticky5"}) {
    const auto chosen = make_strategy(name, {});
    std::size_t late = 0;
    for (int schedule = 0; schedule < 100; ++schedule) {
      const Schedule result = run(program, *chosen);
      const auto last_write =
          std::find(result.order.rbegin(), result.order.rend(), ThreadId{1});
      late += result.order.rend() - last_write > 12 ? 1U : 0U;
    }
    EXPECT_LT(late, 10U) << name;
  }
}

}  // namespace
}  // namespace interleave::simulation
