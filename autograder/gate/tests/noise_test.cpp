// The gate's rule against eight kinds of noise: how often it is wrong, how often it can tell.
// Each test counts over simulated gradings; the seeds are fixed, so a count never flickers.
// The tests named Sees… break the rule on purpose: the simulation must notice.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <map>

#include "gate/contest.hpp"
#include "gate/decision.hpp"
#include "simulated_machine.hpp"

namespace course::gate {
namespace {

struct Trial {
  Gate gate = speed;
  Rule rule = rule_for(speed);
  SimulatedProgram student = {};
  SimulatedProgram reference = {};
  int gradings = 500;
};

struct Count {
  std::map<Verdict, int> verdicts;
  double seconds = 0;  // simulated, all gradings together

  int operator[](Verdict verdict) const {
    const auto found = verdicts.find(verdict);
    return found == verdicts.end() ? 0 : found->second;
  }
};

Count grade(const NoiseKind& kind, const Trial& trial) {
  Count count;
  for (int i = 0; i < trial.gradings; ++i) {
    const auto grading = static_cast<std::uint64_t>(i);
    SimulatedMachine machine(kind, grading);
    machine.student = trial.student;
    machine.reference = trial.reference;
    std::mt19937_64 coin(grading + 1'000'000);
    Contest contest(trial.gate, {"student"}, {"reference"}, machine.runner(),
                    [&coin] { return coin(); });
    const Result result = decide(contest, trial.gate, trial.rule);
    ++count.verdicts[result.verdict];
    count.seconds += result.seconds;
  }
  return count;
}

// Grades under every kind of noise, prints the verdicts, and adds them up.
Count grade_everywhere(const Trial& trial) {
  Count sum;
  for (const NoiseKind& kind : kinds_of_noise()) {
    const Count count = grade(kind, trial);
    std::printf(
        "%-20s passed %5d  failed %5d  inconclusive %5d  tampered %5d  %.2f s each\n",
        kind.name.c_str(), count[Verdict::passed], count[Verdict::failed],
        count[Verdict::inconclusive], count[Verdict::tampered],
        count.seconds / trial.gradings);
    for (const auto& [verdict, times] : count.verdicts) sum.verdicts[verdict] += times;
  }
  return sum;
}

const NoiseKind& noise_called(const std::string& name) {
  for (const NoiseKind& kind : kinds_of_noise()) {
    if (kind.name == name) return kind;
  }
  throw std::logic_error("no noise is called " + name);
}

SimulatedProgram times_slower(double times) {
  SimulatedProgram program;
  program.seconds_per_iteration *= times;
  return program;
}

TEST(Noise, DoesNotFailAProgramThatIsTheReference) {
  const Count count = grade_everywhere({});
  EXPECT_EQ(count[Verdict::failed], 0);
  EXPECT_EQ(count[Verdict::tampered], 0);
  EXPECT_GE(count[Verdict::passed], 8 * 500 * 95 / 100) << "the gate hardly ever answers";
}

TEST(Noise, DoesNotFailAProgramAsFastAsIsTold) {
  const Count count = grade_everywhere({.student = times_slower(1 / 0.80)});
  EXPECT_LE(count[Verdict::failed], 2);
}

TEST(Noise, DoesNotPassAProgramHalfAsFast) {
  const Count count = grade_everywhere({.student = times_slower(2)});
  EXPECT_EQ(count[Verdict::passed], 0);
  EXPECT_GE(count[Verdict::failed], 8 * 500 * 85 / 100) << "the gate hardly ever answers";
}

TEST(Noise, DoesNotPassAProgramHalfAsFastWhoseClockRunsSlow) {
  SimulatedProgram liar = times_slower(2);
  liar.clock_speed = 0.5;
  const Count count = grade_everywhere({.student = liar});
  EXPECT_EQ(count[Verdict::passed], 0);
  EXPECT_GE(count[Verdict::tampered], 8 * 500 * 70 / 100);
}

// Joining its threads takes this one 15 ms: nothing to be proud of, and nothing dishonest.
TEST(Noise, DoesNotTakeASlowEndForASlowClock) {
  const Count count = grade_everywhere({.student = {.seconds_to_end = 0.015}});
  EXPECT_EQ(count[Verdict::failed], 0);
  EXPECT_LE(count[Verdict::tampered], 8 * 500 * 2 / 100);
  EXPECT_GE(count[Verdict::passed], 8 * 500 * 80 / 100) << "the gate hardly ever answers";
}

TEST(Noise, DoesNotFailAProgramThatScalesAsTheReferenceDoes) {
  const Count count = grade_everywhere({.gate = scaling, .rule = rule_for(scaling)});
  EXPECT_EQ(count[Verdict::failed], 0);
  EXPECT_EQ(count[Verdict::tampered], 0);
  EXPECT_GE(count[Verdict::passed], 8 * 500 * 85 / 100) << "the gate hardly ever answers";
}

TEST(Noise, DoesNotPassAProgramThatDoesNotScale) {
  const Count count = grade_everywhere(
      {.gate = scaling, .rule = rule_for(scaling), .student = {.gain_of_two = 1}});
  EXPECT_EQ(count[Verdict::passed], 0);
  EXPECT_GE(count[Verdict::failed], 8 * 500 * 70 / 100) << "the gate hardly ever answers";
}

// Where the reference gains little, a program that gains nothing looks just like it.
TEST(Noise, SettlesNothingWhereTheReferenceItselfDoesNotScale) {
  const Trial trial = {.gate = scaling,
                       .rule = rule_for(scaling),
                       .student = {.gain_of_two = 1},
                       .reference = {.gain_of_two = 1.25}};
  const Count count = grade(noise_called("quiet"), trial);
  EXPECT_EQ(count[Verdict::inconclusive], trial.gradings);
}

// --- the simulation sees a broken rule -------------------------------------------------

TEST(Noise, SeesABarThatIsTooHigh) {
  const Count count = grade(noise_called("quiet"), {.rule = {.bar = 1.05}});
  EXPECT_GT(count[Verdict::failed], 100);
}

TEST(Noise, SeesABarThatIsTooLow) {
  const Count count =
      grade(noise_called("quiet"), {.rule = {.bar = 0.45}, .student = times_slower(2)});
  EXPECT_GT(count[Verdict::passed], 100);
}

TEST(Noise, SeesAVerdictGivenTooSoon) {
  const Rule hasty = {.bar = 0.70, .fail_at = 1.2, .pass_at = 1.2};
  const Count equal = grade_everywhere({.rule = hasty});
  EXPECT_GT(equal[Verdict::failed], 0);
  const Count slow = grade_everywhere({.rule = hasty, .student = times_slower(2)});
  EXPECT_GT(slow[Verdict::passed], 0);
}

}  // namespace
}  // namespace course::gate
