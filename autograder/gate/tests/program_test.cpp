// Real gate programs, run and read for real.
#include "gate/program.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "gate/gate.hpp"
#include "machine/usable_cores.hpp"

namespace course::gate {
namespace {

Run run_of(const std::string& benchmark, const char* program = TOY_GATE) {
  Run run;
  run.program = program;
  run.benchmark = benchmark;
  run.iterations = 100;
  run.seconds_allowed = 20;
  return run;
}

Measurement measure(const Run& run) { return program_runner({})(run); }

TEST(Program, IsMeasured) {
  const Measurement measurement = measure(run_of("Works"));
  EXPECT_EQ(measurement.end, End::measured) << measurement.words;
  EXPECT_GT(measurement.seconds, 0);
  EXPECT_LT(measurement.seconds, measurement.our_clock);
}

TEST(Program, DoesItsWorkTwiceWhenAsked) {
  auto run = run_of("CountsIterations");
  EXPECT_EQ(measure(run).words, "100 iterations");
  run.twice = true;
  EXPECT_EQ(measure(run).words, "200 iterations");
  run.benchmark = "Works";
  EXPECT_EQ(measure(run).end, End::measured) << "half of them must be reported";
}

TEST(Program, KnowsItsThreads) {
  auto run = run_of("CountsThreads");
  run.threads = 3;
  EXPECT_EQ(measure(run).end, End::measured);
  run.threads = 2;
  EXPECT_EQ(measure(run).words, "not three threads");
}

TEST(Program, RunsOnTheCoresItIsGiven) {
  const unsigned last = machine::allowed_cores().back();
  const Measurement measurement = program_runner({last})(run_of("CountsCores"));
  EXPECT_EQ(measurement.end, End::measured) << measurement.words;
}

TEST(Program, StaysOnOneCoreWhileItAsksTo) {
  const Measurement measurement = measure(run_of("StaysOnOneCore"));
  EXPECT_EQ(measurement.end, End::measured) << measurement.words;
}

TEST(Program, RunsThreadsTogether) {
  const Measurement measurement = measure(run_of("RunsTogether"));
  EXPECT_EQ(measurement.end, End::measured) << measurement.words;
}

TEST(Program, SpreadsThreadsOverTheCores) {
  const Measurement measurement = measure(run_of("SpreadsThreads"));
  EXPECT_EQ(measurement.end, End::measured) << measurement.words;
}

TEST(Program, TakesNoSettingsFromOutside) {
  ::setenv("COURSE_TWICE", "1", 1);
  ::setenv("COURSE_THREADS", "3", 1);
  ::setenv("BENCHMARK_REPETITIONS", "5", 1);
  auto run = run_of("CountsThreads");
  run.threads = 2;
  EXPECT_EQ(measure(run).words, "not three threads");
  EXPECT_EQ(measure(run_of("Works")).end, End::measured);
  ::unsetenv("COURSE_TWICE");
  ::unsetenv("COURSE_THREADS");
  ::unsetenv("BENCHMARK_REPETITIONS");
}

void expect_broken(const std::string& benchmark, const std::string& words) {
  const Measurement measurement = measure(run_of(benchmark));
  EXPECT_EQ(measurement.end, End::broken) << benchmark;
  EXPECT_NE(measurement.words.find(words), std::string::npos) << measurement.words;
}

TEST(Program, SaysWhatBroke) {
  expect_broken("AnswersWrongly", "a job was lost");
  expect_broken("Crashes", "SIGABRT");
  expect_broken("LeavesEarly", "reported 0 measurements");
  expect_broken("ChoosesItsOwnIterations", "something other than 100 iterations");
  expect_broken("NoSuchBenchmark", "reported 0 measurements");
}

TEST(Program, ThatDoesNotExistIsTheMachinesFault) {
  const Measurement measurement = measure(run_of("Works", "/no/such/program"));
  EXPECT_EQ(measurement.end, End::limited);
  EXPECT_NE(measurement.words, "");
}

TEST(Program, IsStoppedAtItsLimit) {
  auto run = run_of("Hangs");
  run.seconds_allowed = 0.2;
  const Measurement measurement = measure(run);
  EXPECT_EQ(measurement.end, End::stopped);
  EXPECT_GE(measurement.our_clock, 0.2);
  EXPECT_LT(measurement.our_clock, 5);
}

TEST(Program, IsNotStartedWhileAStepIsToBeWritten) {
  const Measurement measurement = measure(run_of("IsNotWritten"));
  EXPECT_EQ(measurement.end, End::not_started);
  EXPECT_NE(measurement.words.find("step 3 is still to be written"), std::string::npos)
      << measurement.words;
}

TEST(Program, IsJudgedFromEndToEnd) {
  const Gate gate = {.name = "Works"};
  Judge judge(program_runner({}), machine::usable_cores());
  const Result result = judge.judge(gate, {TOY_GATE, TOY_GATE});
  EXPECT_TRUE(result.verdict == Verdict::passed ||
              result.verdict == Verdict::inconclusive)
      << result.words;
}

TEST(Program, DoesNotPassByASlowClock) {
  const Gate gate = {.name = "Works"};
  Judge judge(program_runner({}), machine::usable_cores());
  const Result result = judge.judge(gate, {SLOW_CLOCK_GATE, TOY_GATE});
  EXPECT_TRUE(result.verdict == Verdict::tampered ||
              result.verdict == Verdict::inconclusive)
      << result.words;
  EXPECT_LT(result.e_fail, 1) << "the slow clock should have made it look fast";
}

}  // namespace
}  // namespace course::gate
