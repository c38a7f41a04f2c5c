// Properties of every strategy: a schedule is its choices, the seed decides them all,
// what is claimed to be covered was covered.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "every_schedule.hpp"

namespace interleave::simulation {
namespace {

constexpr std::string_view kNames[] = {
    "default", "bounded0", "bounded1", "bounded2", "exhaustive", "pct2",    "pct3",
    "pct4",    "pos",      "sticky5",  "sticky20", "sticky50",   "reduced", "portfolio"};

std::unique_ptr<Strategy> strategy(std::string_view name, std::uint64_t seed = 1) {
  StrategyOptions options;
  options.seed = seed;
  options.schedules = 400;
  return make_strategy(name, options);
}

std::vector<std::string> first_schedules(const Program& program, std::string_view name,
                                         std::uint64_t seed) {
  const auto chosen = strategy(name, seed);
  std::vector<std::string> result;
  while (!chosen->finished() && result.size() < 200) {
    std::string text;
    for (const Taken& one : run(program, *chosen).taken) {
      text += std::to_string(one.index) + " ";
    }
    result.push_back(text);
  }
  return result;
}

TEST(Strategies, AreKnownByTheirNames) {
  for (const std::string_view name : kNames) {
    ASSERT_NE(strategy(name), nullptr) << name;
    EXPECT_EQ(strategy(name)->name(), name);
  }
  EXPECT_EQ(make_strategy("luck", {}), nullptr);
}

TEST(Strategies, MakeTheSameChoicesAgainFromTheSameSeed) {
  Random random(3);
  for (int number = 0; number < 20; ++number) {
    const Program program = random_program(random, number % 2 == 0);
    for (const std::string_view name : kNames) {
      EXPECT_EQ(first_schedules(program, name, 5), first_schedules(program, name, 5))
          << name << text_of(program);
    }
  }
}

TEST(Strategies, AnotherSeedMakesOtherChoices) {
  Program program;
  program.threads.assign(3, {{Do::kAdd, 0, 0}, {Do::kAdd, 0, 0}, {Do::kAdd, 0, 0}});
  for (const std::string_view name : {"pct3", "pos", "sticky20"}) {
    EXPECT_NE(first_schedules(program, name, 5), first_schedules(program, name, 6))
        << name;
  }
}

TEST(Strategies, EveryScheduleReplaysFromItsChoices) {
  Random random(4);
  for (int number = 0; number < 200; ++number) {
    const Program program = random_program(random, number % 2 == 0);
    for (const std::string_view name : kNames) {
      const auto chosen = strategy(name);
      for (int schedule = 0; schedule < 10 && !chosen->finished(); ++schedule) {
        const Schedule first = run(program, *chosen);
        if (first.pruned) continue;
        Replay replay(first.taken);
        const Schedule again = run(program, replay);
        ASSERT_EQ(first.order, again.order) << name << text_of(program);
        ASSERT_EQ(first.outcome, again.outcome) << name << text_of(program);
      }
    }
  }
}

TEST(Strategies, ThePortfolioFindsEveryOutcomeOfSmallPrograms) {
  Random random(5);
  for (int number = 0; number < 100; ++number) {
    const Program program = random_program(random, number % 2 == 0);
    const auto everything = strategy("exhaustive");
    const Seen all = explore(program, *everything, 4000);
    if (!all.finished) continue;
    const auto portfolio = strategy("portfolio");
    const Seen seen = explore(program, *portfolio, 4000);
    EXPECT_EQ(seen.outcomes, all.outcomes) << text_of(program) << portfolio->coverage();
  }
}

// Runs the portfolio's next schedule, by the copy if it is of a part that can be run elsewhere.
void run_with_copy(const Program& program, Strategy& portfolio, Strategy& copy) {
  const std::vector<Strategy*> parts = portfolio.parts();
  const auto part = std::find(parts.begin(), parts.end(), &portfolio.next_part());
  if (part == parts.end()) {
    static_cast<void>(run(program, portfolio));
    return;
  }
  Strategy& runner =
      *copy.parts()[static_cast<std::size_t>(std::distance(parts.begin(), part))];
  static_cast<void>(run(program, runner));
  portfolio.begin_schedule();
  portfolio.end_elsewhere({}, runner.tally());
}

TEST(Strategies, ThePortfolioCountsWhatCopiesOfItsPartsRanAsItsOwn) {
  Random random(6);
  for (int number = 0; number < 60; ++number) {
    const Program program = random_program(random, number % 2 == 0);
    const auto alone = strategy("portfolio");
    const auto portfolio = strategy("portfolio");
    const auto copy = strategy("portfolio");
    for (int schedule = 0; schedule < 300 && !alone->finished(); ++schedule) {
      static_cast<void>(run(program, *alone));
      run_with_copy(program, *portfolio, *copy);
      ASSERT_EQ(portfolio->coverage(), alone->coverage()) << text_of(program);
      ASSERT_EQ(portfolio->name(), alone->name());
    }
    EXPECT_EQ(portfolio->finished(), alone->finished());
  }
}

TEST(Strategies, ThePortfolioStopsWhenOneOfThemHasProvedIt) {
  Program program;
  program.threads = {{{Do::kAdd, 0, 0}}, {{Do::kAdd, 0, 0}}};
  const auto portfolio = strategy("portfolio");
  const Seen seen = explore(program, *portfolio, 400);
  EXPECT_TRUE(portfolio->exhaustive());
  EXPECT_LT(seen.schedules, 20U);
  EXPECT_EQ(portfolio->coverage(), "all 2 schedules checked");
}

TEST(Strategies, AProgramWithNothingToDecideIsProvedByOneSchedule) {
  Program program;
  program.threads = {{{Do::kAdd, 0, 0}, {Do::kRead, 0, 0}}};
  const auto portfolio = strategy("portfolio");
  EXPECT_EQ(explore(program, *portfolio, 400).schedules, 1U);
  EXPECT_TRUE(portfolio->exhaustive());
}

}  // namespace
}  // namespace interleave::simulation
