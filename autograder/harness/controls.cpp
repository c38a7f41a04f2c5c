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

// The threads take turns, or the race may pass ThreadSanitizer by: see
// ../grader/self_test/race.cpp, which says why the turn is relaxed and on its own line.
alignas(64) int raced_value = 0;
alignas(64) std::atomic<int> turn{0};

void wait_for_turn(int mine) {
  while (turn.load(std::memory_order_relaxed) != mine) std::this_thread::yield();
}

void pass_turn(int next) { turn.store(next, std::memory_order_relaxed); }

TEST(CourseControl, RaceMustBeReported) {
  if (!asked_for()) GTEST_SKIP() << "only the grader runs this control";
  std::thread other([] {
    ++raced_value;
    pass_turn(1);
    wait_for_turn(2);
  });
  wait_for_turn(1);
  ++raced_value;
  pass_turn(2);
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
