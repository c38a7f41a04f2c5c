// Property: a stress build finds a check that fails, keeps the first message, and stays
// quiet and quick otherwise.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "interleave/interleave.hpp"

namespace {

TEST(Stress, ACorrectBodyIsClean) {
  const interleave::Result result = interleave::explore([] {
    std::atomic<int> sum{0};
    {
      std::jthread worker([&] { sum += 1; });
      sum += 1;
    }
    interleave::check(sum == 2, "both additions count");
  });
  EXPECT_TRUE(result.clean());
  EXPECT_GT(result.schedules, 1U);
}

TEST(Stress, AFailedCheckInAnotherThreadIsThrownByExplore) {
  try {
    interleave::explore([] {
      std::jthread worker([] { interleave::check(false, "the worker is unhappy"); });
    });
    FAIL() << "explore did not throw";
  } catch (const interleave::FailureFound& failure) {
    EXPECT_NE(std::string(failure.what()).find("the worker is unhappy"),
              std::string::npos);
    EXPECT_NE(std::string(failure.what()).find("stress_test.cpp"), std::string::npos);
  }
}

TEST(Stress, AnExceptionFailsTheBody) {
  const auto result =
      interleave::find_failure([] { throw std::runtime_error("no disk"); });
  EXPECT_FALSE(result.clean());
  EXPECT_NE(result.message.find("no disk"), std::string::npos);
}

TEST(Stress, OutcomesCollectsWhatItSaw) {
  const auto outcomes = interleave::outcomes([] { return 42; });
  ASSERT_EQ(outcomes.seen.size(), 1U);
  EXPECT_EQ(outcomes.seen.begin()->first, "42");
  EXPECT_EQ(outcomes.seen.begin()->second, outcomes.schedules);
}

}  // namespace
