// The three controls that every graded program carries. Each breaks on purpose; the grader
// runs it and must see it reported. A program in which a control stays silent cannot be
// trusted to report anything else.
//
// They are left out of an ordinary run (the grader names them in its filter and sets
// COURSE_CONTROL); under a stage that cannot see a control it is not asked for.
#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

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

}  // namespace
