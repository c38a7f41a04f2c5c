// Property: a stage's result says of each test what its first bad run told, once; asking what
// is known so far changes nothing.
#include "grader/test_summary.hpp"

#include <gtest/gtest.h>

#include "grader/test_judge.hpp"

namespace course::grader {
namespace {

const std::vector<Test> tests{{"Queue.Pushes", "", 1, 3}, {"Queue.Pops", "", 2, 7}};

TestRun explored(bool exhaustive) {
  TestRun run;
  run.explored = {{{"kind", "clean"}, {"schedules", 24}, {"exhaustive", exhaustive}}};
  return run;
}

Finding finding(const std::string& test, Verdict verdict = Verdict::failed) {
  Finding made;
  made.verdict = verdict;
  made.test = test;
  made.what = "what " + test + " said";
  return made;
}

TEST(TestSummary, ATestThatNeverRanHasNotPassed) {
  TestSummary summary(Stage::unit, tests);
  summary.add(tests[0], std::nullopt, TestRun());
  const StageResult result = summary.result(0);
  ASSERT_EQ(result.checks.size(), 2U);
  EXPECT_EQ(result.checks[0].verdict, Verdict::passed);
  EXPECT_EQ(result.checks[1].verdict, Verdict::not_run);
  EXPECT_EQ(result.verdict, Verdict::not_run);
}

TEST(TestSummary, TheFirstFailureOfATestIsToldAndNoOther) {
  TestSummary summary(Stage::unit, tests);
  summary.add(tests[0], std::nullopt, TestRun());
  EXPECT_FALSE(summary.failed(tests[0]));
  summary.add(tests[0], finding("Queue.Pushes"), TestRun());
  summary.add(tests[0], finding("Queue.Pushes", Verdict::environment), TestRun());
  summary.add(tests[0], std::nullopt, TestRun());
  EXPECT_TRUE(summary.failed(tests[0]));
  const StageResult result = summary.result(0);
  EXPECT_EQ(result.findings.size(), 1U);
  EXPECT_EQ(result.verdict, Verdict::failed);
}

TEST(TestSummary, ABrokenStepLeavesTheOtherStepsAlone) {
  TestSummary summary(Stage::interleave, tests);
  summary.add(tests[0], finding("Queue.Pushes"), TestRun());
  EXPECT_TRUE(summary.step_is_broken(tests[0]));
  EXPECT_FALSE(summary.step_is_broken(tests[1]));
  summary.add(finding("CourseControl.MustFail", Verdict::tampered));
  EXPECT_TRUE(summary.step_is_broken(tests[1]))
      << "a control's failure breaks every step";
}

TEST(TestSummary, AnUnwrittenStepIsNotBroken) {
  TestSummary summary(Stage::interleave, tests);
  summary.add(tests[0], finding("Queue.Pushes", Verdict::not_started));
  EXPECT_FALSE(summary.step_is_broken(tests[0]));
}

TEST(TestSummary, AskingChangesNothing) {
  TestSummary summary(Stage::interleave, tests);
  summary.add(tests[0], finding("Queue.Pushes"), explored(false));
  const auto notes = summary.result(0).notes;
  EXPECT_TRUE(summary.step_is_broken(tests[0]));
  EXPECT_FALSE(summary.all_explored(tests[0]));
  EXPECT_TRUE(summary.all_explored(tests[1]));
  EXPECT_EQ(summary.result(0).notes, notes);
}

TEST(TestSummary, CountsWhatWasExplored) {
  TestSummary summary(Stage::interleave, tests);
  summary.add(tests[0], std::nullopt, explored(true));
  summary.add(tests[1], std::nullopt, explored(false));
  summary.leave_at_first_look();
  EXPECT_EQ(
      summary.result(0).notes,
      (std::vector<std::string>{"48 schedules", "every behaviour checked in 1 of 2",
                                "a first look; the whole search follows once it holds"}));
}

TEST(TestSummary, TellsControlsFirstAndAnUnwrittenStepOnce) {
  TestSummary summary(Stage::unit, tests);
  Finding unwritten = finding("Queue.Pops", Verdict::not_started);
  unwritten.what = "step 2 is still to be written";
  summary.add(tests[1], unwritten);
  unwritten.test = "Queue.Pushes";
  summary.add(tests[0], unwritten);
  Finding control = finding("CourseControl.MustFail", Verdict::tampered);
  control.of_control = true;
  summary.add(control);
  const auto told = summary.result(0).findings;
  ASSERT_EQ(told.size(), 2U);
  EXPECT_TRUE(told[0].of_control);
  EXPECT_EQ(told[1].test, "Queue.Pushes");
}

// -- The judge ---------------------------------------------------------------------------------

TEST(TestJudge, LeavesOutWhatGoogleTestSaysOfAFailure) {
  TestRun run;
  run.process.end = process::End::exited;
  run.result = "failed";
  run.tests_reported = 1;
  run.ended = true;
  run.failures = {{{"message", "Failed\nboth stripes lie on one line"}}};
  TestCommand test;
  test.test = tests[0].name;
  EXPECT_EQ(finding_of(test, run)->what, "both stripes lie on one line");
}

// The explorer's picture ends in a command; without --of it would replay the student's program.
TEST(TestJudge, NamesTheVariantInThePicturesCommand) {
  const std::string command = "autograder/course replay Queue.Pops@1@weak@pct3@1.1@0";
  TestRun run;
  run.explored = {{{"kind", "deadlock"},
                   {"message", "leader waits for worker 1"},
                   {"picture", "1 lock\n\n  again, step by step:\n    " + command + "\n"},
                   {"token", "Queue.Pops@1@weak@pct3@1.1@0"}}};
  Exercise exercise;
  exercise.name = "queue";
  exercise.file = "/nowhere/queue.hpp";
  const auto picture_of = [&](const std::string& variant) {
    const Subject subject{&exercise, variant};
    const TestJudge judge(Stage::interleave, subject, Trees("/nowhere", ""));
    TestCommand test;
    test.test = tests[1].name;
    return judge.judge(tests[1], test, run)->detail;
  };
  EXPECT_NE(picture_of("student").find(command + "\n"), std::string::npos);
  EXPECT_NE(picture_of("if_for_while").find(command + " --of if_for_while\n"),
            std::string::npos);
}

// Property: which steps are unwritten is what the subject was seen with, not what its file
// holds by now; here there is no file.
TEST(TestJudge, GoesByWhatWasSeenWhenTheGradingBegan) {
  Exercise exercise;
  exercise.name = "queue";
  exercise.file = "/nowhere/queue.hpp";
  Subject subject{&exercise, "student"};
  subject.unwritten = {{2, 41}};
  const TestJudge judge(Stage::tsan, subject, Trees("/nowhere", ""));
  EXPECT_FALSE(judge.unwritten(tests[0]));
  const auto unwritten = judge.unwritten(tests[1]);
  ASSERT_TRUE(unwritten);
  EXPECT_EQ(unwritten->verdict, Verdict::not_started);
  EXPECT_EQ(unwritten->line, 41);

  TestRun crashed;
  crashed.process.end = process::End::signalled;
  TestCommand command;
  command.test = tests[1].name;
  EXPECT_EQ(judge.judge(tests[1], command, crashed)->verdict, Verdict::not_started);
  EXPECT_EQ(judge.judge(tests[0], command, crashed)->verdict, Verdict::failed);
}

}  // namespace
}  // namespace course::grader
