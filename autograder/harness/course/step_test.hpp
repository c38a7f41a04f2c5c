// `STEP_TEST(STEP, SUITE, NAME)`: a GoogleTest that holds one step of an exercise to its
// promise. A step is kept when all of its tests hold.
//
//     STEP_TEST(2, JobQueue, CloseKeepsQueuedJobs, "shutdown") { … }
//
// The grader reads these lines in the source, and so knows which tests must report before
// anything is built. The concept at the end is what a failure breaks where no tool can know:
// what the explorer or a sanitizer found has its own. It may be left out.
#pragma once

#include <gtest/gtest.h>

#define STEP_TEST(step, suite, name, ...)                                      \
  static_assert((step) >= 1, "steps are counted from 1, as in exercise.toml"); \
  TEST(suite, name)

// The same with a fixture for its suite.
#define STEP_TEST_F(step, fixture, name, ...)                                  \
  static_assert((step) >= 1, "steps are counted from 1, as in exercise.toml"); \
  TEST_F(fixture, name)
