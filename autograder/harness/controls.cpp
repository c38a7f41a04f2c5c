// The controls that every graded program carries: a failure, a race, a leak, and a losing
// schedule. Each breaks on purpose; the grader runs it and must see it reported. A program
// in which a control stays silent cannot be trusted to report anything else.
//
// They are left out of an ordinary run (the grader names them in its filter and sets
// COURSE_CONTROL); under a stage that cannot see a control it is not asked for.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "interleave/interleave.hpp"

namespace {

bool asked_for() { return std::getenv("COURSE_CONTROL") != nullptr; }

TEST(CourseControl, MustFail) {
  if (!asked_for()) GTEST_SKIP() << "only the grader runs this control";
  ADD_FAILURE() << "control: this failure must be reported";
}

int raced_value = 0;

TEST(CourseControl, RaceMustBeReported) {
  if (!asked_for()) GTEST_SKIP() << "only the grader runs this control";
  std::thread other([] { ++raced_value; });
  ++raced_value;
  other.join();
}

int* volatile leaked = nullptr;

TEST(CourseControl, LeakMustBeReported) {
  if (!asked_for()) GTEST_SKIP() << "only the grader runs this control";
  leaked = new int(1);
  leaked = nullptr;
}

TEST(CourseControl, ScheduleMustBeFound) {
  if (!asked_for()) GTEST_SKIP() << "only the grader runs this control";
  interleave::explore([] {
    std::atomic<int> count{0};
    const auto lose_an_update = [&] { count = count + 1; };
    std::thread other(lose_an_update);
    lose_an_update();
    other.join();
    interleave::check(count == 2, "control: this lost update must be found");
  });
}

}  // namespace
