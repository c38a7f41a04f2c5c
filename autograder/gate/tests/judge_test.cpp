// The judge on simulated machines: its verdicts, its words, and the trial of the machine.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

#include "gate/gate.hpp"
#include "simulated_machine.hpp"

namespace course::gate {
namespace {

const Programs programs = {"student", "reference"};

constexpr std::uint64_t seed = 1;

class JudgeOnAQuietMachine : public testing::Test {
 protected:
  Result judge(const Gate& gate, unsigned cores = 2) {
    return Judge(machine_.runner(), cores, seed).judge(gate, programs);
  }

  // Whatever `side` runs ends as `measurement` says.
  Result judge_with_broken(const std::string& side, const Measurement& measurement) {
    const Runner runner = [&, simulated = machine_.runner()](const gate::Run& run) {
      return run.program == side ? measurement : simulated(run);
    };
    return Judge(runner, 2, seed).judge(speed, programs);
  }

  SimulatedMachine machine_{kinds_of_noise()[0], seed};
};

TEST_F(JudgeOnAQuietMachine, PassesTheReferenceAndSaysHowFastItIs) {
  const Result result = judge(speed);
  EXPECT_EQ(result.verdict, Verdict::passed);
  EXPECT_NEAR(result.ratio, 1, 0.05);
  EXPECT_GE(result.e_pass, 100);
  EXPECT_GE(result.blocks, 9);
  EXPECT_NE(result.words.find("of the reference's speed, 0.80 was asked"),
            std::string::npos)
      << result.words;
}

TEST_F(JudgeOnAQuietMachine, FailsHalfTheSpeed) {
  machine_.student.seconds_per_iteration *= 2;
  const Result result = judge(speed);
  EXPECT_EQ(result.verdict, Verdict::failed);
  EXPECT_NEAR(result.ratio, 0.5, 0.03);
  EXPECT_GE(result.e_fail, 1e4);
  EXPECT_NE(result.words.find("0.80 is asked"), std::string::npos) << result.words;
}

TEST_F(JudgeOnAQuietMachine, StopsAProgramThatIsManyTimesSlower) {
  machine_.student.seconds_per_iteration *= 1000;
  const Result result = judge(speed);
  EXPECT_EQ(result.verdict, Verdict::failed);
  EXPECT_LT(result.seconds, 15);
  EXPECT_NE(result.words.find("stopped"), std::string::npos) << result.words;
}

TEST_F(JudgeOnAQuietMachine, FailsAProgramThatDoesNotScale) {
  machine_.student.gain_of_two = 1;
  const Result result = judge(scaling);
  EXPECT_EQ(result.verdict, Verdict::failed);
  EXPECT_NEAR(result.ratio, 1 / 1.9, 0.05);
}

TEST_F(JudgeOnAQuietMachine, SkipsScalingOnOneCoreAndSaysSo) {
  const Result result = judge(scaling, 1);
  EXPECT_EQ(result.verdict, Verdict::skipped);
  EXPECT_NE(result.words.find("needs 2 cores, and 1 may be used"), std::string::npos)
      << result.words;
  EXPECT_EQ(judge(speed, 1).verdict, Verdict::passed) << "the ratio stays";
}

TEST_F(JudgeOnAQuietMachine, HoldsTheGainOverAnotherWorkBesideTheReferences) {
  const Result same = judge(gaining);
  EXPECT_EQ(same.verdict, Verdict::passed);
  EXPECT_NE(same.words.find("of the reference's gain over Base, 0.80 was asked"),
            std::string::npos)
      << same.words;
  machine_.student.gain_of_two = 1;
  const Result none = judge(gaining);
  EXPECT_EQ(none.verdict, Verdict::failed);
  EXPECT_NEAR(none.ratio, 1 / 1.9, 0.05);
}

// Where the reference gains nothing, a program that gains nothing is not told from it.
TEST_F(JudgeOnAQuietMachine, SaysWhereNoGainCanBeMeasured) {
  machine_.student.gain_of_two = 1;
  machine_.reference.gain_of_two = 1;
  for (const Gate& gate : {gaining, claiming}) {
    const Result result = judge(gate);
    EXPECT_EQ(result.verdict, Verdict::inconclusive);
    EXPECT_NE(result.words.find("the reference itself gains only"), std::string::npos)
        << result.words;
  }
  const Result result = judge(gaining, 1);
  EXPECT_EQ(result.verdict, Verdict::skipped);
  EXPECT_NE(result.words.find("needs as many cores, and 1 may"), std::string::npos)
      << result.words;
}

TEST_F(JudgeOnAQuietMachine, HoldsAClaimAgainstWhatIsMeasured) {
  const Result holds = judge(claiming);
  EXPECT_EQ(holds.verdict, Verdict::passed);
  EXPECT_NE(holds.words.find("times Base is measured here"), std::string::npos)
      << holds.words;
  for (const Claim& wrong : {Claim{1.0, 1.5}, Claim{2.3, 4.6}}) {
    Gate gate = claiming;
    gate.claimed = wrong;
    const Result result = judge(gate);
    EXPECT_EQ(result.verdict, Verdict::failed);
    EXPECT_NE(result.words.find("is claimed"), std::string::npos) << result.words;
  }
}

// Noise excuses no claim that is out of all that was seen, and confirms none that is within it.
TEST(Judge, SettlesNoClaimOnAMachineThatIsTooUnsteady) {
  std::mt19937_64 draw(seed);
  const Runner unsteady = [&](const gate::Run& run) {
    Measurement measurement;
    measurement.end = End::measured;
    const double work = run.benchmark == "Base" ? 4e-5 : 2e-5;
    const double noise =
        run.program == "student" ? std::exp(std::normal_distribution(0.0, 1.0)(draw)) : 1;
    measurement.seconds =
        work * static_cast<double>(run.iterations) * (run.twice ? 2 : 1) * noise;
    measurement.our_clock = measurement.seconds + 0.001;
    return measurement;
  };
  Judge judge(unsteady, 2, seed);
  const Result within = judge.judge(claiming, programs);
  EXPECT_EQ(within.verdict, Verdict::inconclusive);
  EXPECT_NE(within.words.find("too unsteady to say"), std::string::npos) << within.words;
  Gate beyond = claiming;
  beyond.claimed = {1000, 2000};
  EXPECT_EQ(judge.judge(beyond, programs).verdict, Verdict::failed);
}

TEST_F(JudgeOnAQuietMachine, TakesASlowClockForTampering) {
  machine_.student.seconds_per_iteration *= 2;
  machine_.student.clock_speed = 0.5;
  EXPECT_EQ(judge(speed).verdict, Verdict::tampered);
}

TEST_F(JudgeOnAQuietMachine, TellsBrokenRunsApart) {
  const auto verdict = [&](const std::string& side, End end) {
    Measurement measurement;
    measurement.end = end;
    measurement.words = "killed by SIGSEGV";
    const Result result = judge_with_broken(side, measurement);
    EXPECT_NE(result.words.find("killed by SIGSEGV"), std::string::npos) << result.words;
    return result.verdict;
  };
  EXPECT_EQ(verdict("student", End::broken), Verdict::failed);
  EXPECT_EQ(verdict("student", End::not_started), Verdict::not_started);
  EXPECT_EQ(verdict("student", End::impossible), Verdict::tampered);
  EXPECT_EQ(verdict("reference", End::broken), Verdict::environment);
  EXPECT_EQ(verdict("reference", End::stopped), Verdict::environment);
}

// --- the trial of the machine ----------------------------------------------------------

TEST_F(JudgeOnAQuietMachine, TriesTheMachineOncePerRun) {
  int runs = 0;
  const Runner counting = [&, simulated = machine_.runner()](const gate::Run& run) {
    ++runs;
    return simulated(run);
  };
  Judge judge(counting, 2, seed);
  EXPECT_EQ(judge.judge(speed, programs).verdict, Verdict::passed);
  const int with_trial = runs;
  EXPECT_EQ(judge.judge(speed, programs).verdict, Verdict::passed);
  EXPECT_LT(runs - with_trial, with_trial / 2);
  EXPECT_EQ(judge.machine_trouble(), "");
}

// A machine on which everything seems to take the same time would pass every submission.
TEST(Judge, SettlesNothingOnAMachineThatDoesNotSeeDoubleWork) {
  const Runner blind = [](const gate::Run& run) {
    Measurement measurement;
    measurement.end = End::measured;
    measurement.seconds = 1e-5 * static_cast<double>(run.iterations);
    measurement.our_clock = measurement.seconds + 0.001;
    return measurement;
  };
  Judge judge(blind, 2, seed);
  for (int i = 0; i < 2; ++i) {
    const Result result = judge.judge(speed, programs);
    EXPECT_EQ(result.verdict, Verdict::inconclusive);
    EXPECT_NE(
        result.words.find(
            "could not tell whether the reference is slower when it does its work twice"),
        std::string::npos)
        << result.words;
  }
}

// How fast nothing is done no machine need tell.
TEST(Judge, FailsAWrongAnswerWhereSpeedCannotBeMeasured) {
  const Runner blind = [](const gate::Run& run) {
    Measurement measurement;
    measurement.end = run.program == "student" ? End::broken : End::measured;
    measurement.words = run.program == "student" ? "a job was lost" : "";
    measurement.seconds = 1e-5 * static_cast<double>(run.iterations);
    measurement.our_clock = measurement.seconds + 0.001;
    return measurement;
  };
  const Result unsteady = Judge(blind, 2, seed).judge(speed, programs);
  EXPECT_EQ(unsteady.verdict, Verdict::failed);
  EXPECT_EQ(unsteady.words, "a job was lost");
  const Result too_few_cores = Judge(blind, 1, seed).judge(scaling, programs);
  EXPECT_EQ(too_few_cores.verdict, Verdict::failed);
}

// Times without any meaning: the reference does not even pass against itself.
TEST(Judge, SettlesNothingOnAMachineWithoutAUsableClock) {
  std::mt19937_64 draw(seed);
  const Runner random = [&](const gate::Run& run) {
    Measurement measurement;
    measurement.end = End::measured;
    measurement.seconds = 1e-5 * static_cast<double>(run.iterations) *
                          std::exp(std::normal_distribution(0.0, 3.0)(draw));
    measurement.our_clock = measurement.seconds + 0.001;
    return measurement;
  };
  Judge judge(random, 2, seed);
  const Result result = judge.judge(speed, programs);
  EXPECT_EQ(result.verdict, Verdict::inconclusive);
  EXPECT_NE(result.words.find("as fast as itself"), std::string::npos) << result.words;
}

}  // namespace
}  // namespace course::gate
