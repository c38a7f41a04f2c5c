// Property: what a replay told is what a person reads, and a program that is no longer the
// token's is never told as if it were.
#include "student/replay.hpp"

#include <gtest/gtest.h>

namespace course::student {
namespace {

using grader::TestCommand;
using grader::TestRun;

const std::string token = "JobQueue.Closes@1@weak@pct3@12.1-15.2@5eed0a41";

TestCommand command() {
  TestCommand made;
  made.test = "JobQueue.Closes";
  made.only_replay = token;
  return made;
}

TestRun told(const char* record) {
  TestRun run;
  run.process.end = process::End::exited;
  if (*record != '\0') run.explored.push_back(nlohmann::json::parse(record));
  run.result = "passed";
  run.tests_reported = 1;
  run.ended = true;
  return run;
}

TEST(Replay, KnowsATokensTest) {
  EXPECT_EQ(test_of(token), "JobQueue.Closes");
  EXPECT_EQ(test_of("JobQueue.Closes"), "");
  EXPECT_EQ(test_of("JobQueue.Closes@1@weak@pct3@12.1-15.2"), "") << "without its steps";
}

TEST(Replay, FindsTheExerciseWithATest) {
  Course course;
  course.exercises.resize(2);
  course.exercises[1].steps.push_back({1, "", 10, {{"JobQueue.Closes", ""}}});
  EXPECT_EQ(exercise_with(course, "JobQueue.Closes"), &course.exercises[1]);
  EXPECT_EQ(exercise_with(course, "JobQueue.Opens"), nullptr);
}

TEST(Replay, ReadsAFailure) {
  const Replayed replayed = read_replay(command(), told(R"({
    "kind":"deadlock","same_steps":true,"headline":"deadlock after 2 steps",
    "columns":"leader  worker 1\n","below":"they wait\n","way_back":"--- none ---\n",
    "inflection":{"step":1,"schedules":3,"all":true},
    "steps":[{"text":"  1   lock a\n","at":4,"file":"a.hpp","line":7,"source":"lock(a);"},
             {"text":"  2   lock b\n","at":9,"file":"a.hpp","line":8,"source":""}]})"));
  EXPECT_EQ(replayed.end, Replayed::End::fails);
  ASSERT_EQ(replayed.steps.size(), 2U);
  EXPECT_EQ(replayed.steps[1].at, 9U);
  EXPECT_EQ(replayed.steps[0].line, 7);
  EXPECT_EQ(replayed.inflection, 1U);
  EXPECT_EQ(replayed.way_back, "--- none ---\n");
  EXPECT_EQ(remark_on(replayed, "autograder/course grade 1.1"), "");
}

TEST(Replay, SaysThatTheProgramHasChanged) {
  Replayed replayed =
      read_replay(command(), told(R"({"kind":"check","same_steps":false,"steps":[]})"));
  EXPECT_NE(
      remark_on(replayed, "autograder/course grade 1.1").find("program has changed"),
      std::string::npos);
  replayed = read_replay(command(), told(R"({"kind":"clean","same_steps":false})"));
  EXPECT_EQ(replayed.end, Replayed::End::succeeds);
  EXPECT_NE(
      remark_on(replayed, "autograder/course grade 1.1").find("program has changed"),
      std::string::npos);
  EXPECT_NE(remark_on(replayed, "autograder/course grade 1.1").find("course grade 1.1"),
            std::string::npos);
}

TEST(Replay, NeverCallsOneScheduleAPass) {
  const Replayed replayed =
      read_replay(command(), told(R"({"kind":"clean","same_steps":true})"));
  EXPECT_EQ(remark_on(replayed, "autograder/course grade 1.1").find("pass"),
            std::string::npos);
  EXPECT_NE(remark_on(replayed, "autograder/course grade 1.1").find("Others may"),
            std::string::npos);
}

TEST(Replay, SaysThatTheTestNoLongerExploresIt) {
  const Replayed replayed = read_replay(command(), told(""));
  EXPECT_EQ(replayed.end, Replayed::End::unknown);
  EXPECT_NE(replayed.trouble.find("another version"), std::string::npos);
}

TEST(Replay, BlamesTheExplorerForWhatItCannotRun) {
  const Replayed replayed =
      read_replay(command(), told(R"({"kind":"unsupported","message":"it uses fork"})"));
  EXPECT_EQ(replayed.end, Replayed::End::unknown);
  EXPECT_TRUE(replayed.environment);
  EXPECT_EQ(replayed.trouble, "it uses fork");
}

TEST(Replay, SaysThatAStepIsNotWritten) {
  TestRun run = told("");
  run.result = "failed";
  run.todo =
      nlohmann::json::parse(R"({"record":"todo","step":2,"file":"a.hpp","line":3})");
  const Replayed replayed = read_replay(command(), run);
  EXPECT_EQ(replayed.end, Replayed::End::unknown);
  EXPECT_NE(replayed.trouble.find("step 2"), std::string::npos);
}

}  // namespace
}  // namespace course::student
