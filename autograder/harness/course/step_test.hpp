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
  COURSE_TEST(TEST, suite, name)

// The same with a fixture for its suite.
#define STEP_TEST_F(step, fixture, name, ...)                                  \
  static_assert((step) >= 1, "steps are counted from 1, as in exercise.toml"); \
  COURSE_TEST(TEST_F, fixture, name)

#ifndef COURSE_ONLY_NAMED_TESTS
#define COURSE_TEST(kind, suite, name) kind(suite, name)
#else
// A mutant is proven by the tests that its head names, and most of the work of compiling it
// would go into the others. COURSE_NAMED_suite_name is a comma for a test that is named, and
// is not defined for another, which becomes a template that nothing instantiates.
#define COURSE_TEST(kind, suite, name) \
  COURSE_SECOND(COURSE_NAMED_##suite##_##name kind, COURSE_LEFT_OUT_##kind, )(suite, name)
#define COURSE_SECOND(...) COURSE_SECOND_OF(__VA_ARGS__)
#define COURSE_SECOND_OF(first, second, ...) second

#define COURSE_LEFT_OUT_TEST(suite, name) \
  template <typename>                     \
  void suite##_##name##_left_out()
#define COURSE_LEFT_OUT_TEST_F(fixture, name)           \
  template <typename>                                   \
  struct fixture##_##name##_left_out : public fixture { \
    void TestBody() override;                           \
  };                                                    \
  template <typename Never>                             \
  void fixture##_##name##_left_out<Never>::TestBody()
#endif
