// Property: a token fails again, in whichever process and wherever the program was built,
// ten times of ten. A program that has changed is reported as changed. What does not
// fail again is no failure.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <atomic>
#include <string>
#include <thread>

#include "interleave/interleave.hpp"
#include "interleave/tests/other_process.hpp"

namespace interleave {
namespace {

class EachLoss : public testing::TestWithParam<const char*> {};

TEST_P(EachLoss, FailsAgainTenTimesOfTenWhereverItWasBuilt) {
  const std::string found = output_of(REPLAY_PROGRAM, GetParam());
  const std::string token = field(found, "token");
  ASSERT_FALSE(token.empty()) << found;
  for (const char* program : {REPLAY_PROGRAM, REPLAY_PROGRAM_ELSEWHERE}) {
    for (int i = 0; i < 10; ++i) {
      const std::string again = output_of(program, GetParam(), token);
      EXPECT_EQ(field(again, "kind"), field(found, "kind")) << again;
      EXPECT_EQ(field(again, "message"), field(found, "message"));
      EXPECT_TRUE(says(again, "\"same_steps\":true")) << again;
    }
  }
}

TEST_P(EachLoss, HasTheSameTokenWhereverItWasBuilt) {
  const std::string here = output_of(REPLAY_PROGRAM, GetParam());
  const std::string elsewhere = output_of(REPLAY_PROGRAM_ELSEWHERE, GetParam());
  EXPECT_EQ(field(here, "token"), field(elsewhere, "token"));
}

INSTANTIATE_TEST_SUITE_P(Losses, EachLoss,
                         testing::Values("Lost.Addition", "Lost.Order", "Lost.WakeUp",
                                         "Lost.Race"),
                         [](const auto& test) {
                           return std::string(test.param).substr(5);
                         });

// -- A program that has changed ---------------------------------------------------------

std::string replayed_after_the_change(const std::string& test) {
  const std::string token = field(output_of(REPLAY_PROGRAM, test), "token");
  return output_of(REPLAY_PROGRAM_CHANGED, test, token);
}

TEST(Changed, AFixedProgramIsReportedAsChanged) {
  const std::string output = replayed_after_the_change("Lost.Addition");
  EXPECT_EQ(field(output, "kind"), "clean");
  EXPECT_TRUE(says(output, "\"same_steps\":false")) << output;
  EXPECT_TRUE(says(output, "the program has changed")) << output;
  EXPECT_TRUE(says(output, "this one schedule does not fail")) << output;
}

TEST(Changed, AnotherFailureIsNotTakenForTheTokens) {
  const std::string output = replayed_after_the_change("Lost.Order");
  EXPECT_TRUE(says(output, "\"same_steps\":false")) << output;
  EXPECT_TRUE(says(output, "the program has changed")) << output;
}

TEST(Changed, AnExplorationThatIsGoneIsNotReplayed) {
  const std::string output = replayed_after_the_change("Lost.Race");
  EXPECT_FALSE(says(output, "\"record\"")) << output;
}

TEST(Changed, WhatIsNoTokenIsToldSo) {
  const std::string output = output_of(REPLAY_PROGRAM, "Lost.Race", "Lost.Race@1@weak");
  EXPECT_TRUE(says(output, "this is not a token of a failed schedule")) << output;
}

// -- What does not fail again -----------------------------------------------------------

// A number that all processes share: no replay can bring back what it was.
std::atomic<int>& shared_between_processes() {
  static void* const page =
      mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE,
           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return *static_cast<std::atomic<int>*>(page);
}

TEST(Replay, AFailureThatDoesNotComeAgainIsNotReported) {
  std::atomic<int>& runs = shared_between_processes();
  const Result result = find_failure(
      [&runs] {
        std::atomic<int> turn{0};
        std::thread worker([&] { turn = 1; });
        turn = 2;
        worker.join();
        check(runs.fetch_add(1) != 20, "only ever once");
      },
      {.schedules = 100, .strategy = "sticky50"});
  EXPECT_TRUE(result.clean()) << result.picture;
  EXPECT_FALSE(result.exhaustive);
  EXPECT_GT(runs, 20) << "it did fail";
}

TEST(Replay, AFailureThatIsReproducedNowAndThenIsNotReportedEither) {
  std::atomic<int>& runs = shared_between_processes();
  runs = 0;
  const Result result = find_failure(
      [&runs] {
        std::thread worker([] { std::this_thread::yield(); });
        worker.join();
        check(runs.fetch_add(1) % 7 != 6, "every seventh time");
      },
      {.schedules = 60, .strategy = "sticky50"});
  EXPECT_TRUE(result.clean()) << result.picture;
  EXPECT_TRUE(says(result.coverage, "not reproduced")) << result.coverage;
}

TEST(Replay, AMinimalScheduleHasOneSwitchOfItsOwn) {
  const Result result = find_failure(
      [] {
        std::atomic<int> sum{0};
        std::thread first([&] { sum = sum + 1; });
        std::thread second([&] { sum = sum + 1; });
        first.join();
        second.join();
        check(sum == 2, "an addition was lost");
      },
      {.strategy = "sticky50"});
  ASSERT_EQ(result.kind, "check");
  // One deviation is one number, a dot, and one number between the last two @.
  const std::size_t end = result.token.rfind('@');
  const std::size_t begin = result.token.rfind('@', end - 1);
  const std::string deviations = result.token.substr(begin, end - begin);
  EXPECT_EQ(deviations.find('-'), std::string::npos) << result.token;
}

}  // namespace
}  // namespace interleave
