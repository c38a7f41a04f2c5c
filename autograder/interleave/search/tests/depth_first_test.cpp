// Property: depth-first search walks every schedule within its bound once, and no other.
#include <gtest/gtest.h>

#include <algorithm>

#include "every_schedule.hpp"

namespace interleave::simulation {
namespace {

Program writers(std::initializer_list<std::size_t> steps) {
  Program program;
  for (const std::size_t count : steps) {
    program.threads.emplace_back(count, Instruction{Do::kWrite, 0, 1});
  }
  return program;
}

std::vector<std::vector<ThreadId>> orders(const Program& program, std::string_view name) {
  const auto chosen = make_strategy(name, {});
  std::vector<std::vector<ThreadId>> result;
  while (!chosen->finished()) result.push_back(run(program, *chosen).order);
  return result;
}

std::size_t preemptions(const Schedule& schedule) {
  return static_cast<std::size_t>(
      std::count_if(schedule.taken.begin(), schedule.taken.end(),
                    [](const Taken& one) { return one.preemption; }));
}

TEST(DepthFirst, WalksAllOrdersOfStepsOnce) {
  // (3 + 3)! / (3! 3!) = 20;  (2 + 2 + 2)! / (2! 2! 2!) = 90;  (4 + 1)! / 4! = 5.
  for (const auto& [program, expected] :
       {std::pair{writers({3, 3}), 20U}, std::pair{writers({2, 2, 2}), 90U},
        std::pair{writers({4, 1}), 5U}}) {
    auto all = orders(program, "exhaustive");
    EXPECT_EQ(all.size(), expected);
    std::sort(all.begin(), all.end());
    EXPECT_EQ(std::unique(all.begin(), all.end()), all.end()) << "one came twice";
  }
}

TEST(DepthFirst, ABoundLeavesOutExactlyWhatNeedsMorePreemptions) {
  for (const Program& program : {writers({3, 3}), writers({2, 2, 2}), writers({5, 2})}) {
    std::array<std::size_t, 3> within{};
    const auto everything = make_strategy("exhaustive", {});
    while (!everything->finished()) {
      const std::size_t needed = preemptions(run(program, *everything));
      for (std::size_t bound = needed; bound < within.size(); ++bound) ++within[bound];
    }
    EXPECT_EQ(orders(program, "bounded0").size(), within[0]);
    EXPECT_EQ(orders(program, "bounded1").size(), within[1]);
    EXPECT_EQ(orders(program, "bounded2").size(), within[2]);
  }
}

TEST(DepthFirst, ClaimsToBeExhaustiveOnlyWhenNothingWasLeftOut) {
  const auto shallow = make_strategy("bounded1", {});
  const auto deep = make_strategy("bounded2", {});
  const Program one_preemption_is_enough = writers({2, 1});
  const Program two_are_not = writers({4, 4});
  (void)explore(one_preemption_is_enough, *shallow, 1000);
  EXPECT_TRUE(shallow->exhaustive()) << shallow->coverage();
  (void)explore(two_are_not, *deep, 1000);
  EXPECT_TRUE(deep->finished());
  EXPECT_FALSE(deep->exhaustive()) << deep->coverage();
}

TEST(DepthFirst, IsNotExhaustiveBeforeItHasFinished) {
  const auto everything = make_strategy("exhaustive", {});
  const Program program = writers({3, 3});
  for (int schedule = 0; schedule < 20; ++schedule) {
    EXPECT_FALSE(everything->exhaustive());
    (void)run(program, *everything);
  }
  EXPECT_TRUE(everything->exhaustive());
  EXPECT_EQ(everything->coverage(), "all 20 schedules checked");
}

TEST(DepthFirst, BranchesOnStoresAndPlacesToo) {
  // Message passing through acquire and release: of the four pairs of values read, all
  // but (flag 1, data 0).
  Program program;
  program.weak = true;
  program.threads = {{{Do::kWrite, 0, 1}, {Do::kWrite, 1, 1}},
                     {{Do::kRead, 1, 0}, {Do::kRead, 0, 0}}};
  const auto everything = make_strategy("exhaustive", {});
  const Seen seen = explore(program, *everything, 10'000);
  EXPECT_TRUE(seen.finished);
  EXPECT_EQ(seen.outcomes.size(), 3U);
}

TEST(DepthFirst, ABodyThatChangesIsNeverCalledExhaustive) {
  const auto everything = make_strategy("exhaustive", {});
  (void)run(writers({2, 2}), *everything);
  while (!everything->finished()) (void)run(writers({1, 2}), *everything);
  EXPECT_FALSE(everything->exhaustive());
}

}  // namespace
}  // namespace interleave::simulation
