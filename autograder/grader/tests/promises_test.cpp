#include "grader/promises.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "grader/result.hpp"

namespace course::grader {
namespace {

// Two steps with two tests and one, a cost that is part of the second, a cost and a gate with
// points of their own, and the stages of a grading in which all of it held.
class Promises : public testing::Test {
 protected:
  void SetUp() override {
    exercise_.steps = {{1, "in order", 40, {{"Q.A", "", 1, 0}, {"Q.B", "", 1, 0}}},
                       {2, "sleeps", 30, {{"Q.C", "", 2, 0}}}};
    exercise_.costs = {{"Q.C", "wait", {}, "", "", 0, 2},
                       {"Q.A", "push", {}, "", "", 10, 0}};
    GateRule gate;
    gate.name = "Speed";
    gate.points = 20;
    exercise_.gates = {gate};
    stages_.push_back(stage(Stage::build, {}));
    for (const Stage one : {Stage::unit, Stage::interleave, Stage::tsan, Stage::asan}) {
      stages_.push_back(stage(one, {"Q.A", "Q.B", "Q.C"}));
    }
    stages_.push_back(stage(Stage::cost, {"wait", "push"}));
    stages_.push_back(stage(Stage::gate, {"Speed"}));
  }

  static StageResult stage(Stage stage, const std::vector<std::string>& checks) {
    StageResult result;
    result.stage = stage;
    result.verdict = Verdict::passed;
    for (const auto& name : checks) result.checks.push_back({name, Verdict::passed, 0});
    return result;
  }

  StageResult& in(Stage stage) {
    return *std::find_if(stages_.begin(), stages_.end(),
                         [&](const StageResult& one) { return one.stage == stage; });
  }

  // The stage judges its check number `at` so, and says so.
  void judge(Stage stage, std::size_t at, Verdict verdict) {
    in(stage).checks[at].verdict = verdict;
    in(stage).verdict = verdict;
  }

  // The stage ends so, without a word on any test.
  void end(Stage stage, Verdict verdict) {
    in(stage).checks.clear();
    in(stage).verdict = verdict;
  }

  std::string points() const {
    const auto promises = promises_of(exercise_, stages_);
    std::string words;
    for (const auto& promise : promises) {
      words += promise.measured() ? std::to_string(promise.points()) + " " : "- ";
    }
    return words + "| " + words_for(points_of(promises));
  }

  Exercise exercise_;
  std::vector<StageResult> stages_;
};

TEST_F(Promises, AllKeptEarnAll) {
  EXPECT_EQ(points(), "40 30 10 20 | 100 of 100 points");
}

// A step is kept in all four stages or not at all; the others keep what they earned.
TEST_F(Promises, ATestThatFailsInOneStageCostsItsStep) {
  for (const Stage stage : {Stage::unit, Stage::interleave, Stage::tsan, Stage::asan}) {
    judge(stage, 1, Verdict::failed);
    EXPECT_EQ(points(), "0 30 10 20 | 60 of 100 points") << name_of(stage);
    judge(stage, 1, Verdict::passed);
  }
}

TEST_F(Promises, AStepThatIsNotStartedEarnsNothing) {
  judge(Stage::unit, 2, Verdict::not_started);
  EXPECT_EQ(points(), "40 0 10 20 | 70 of 100 points");
}

TEST_F(Promises, ACostThatIsPartOfAStepCostsThatStep) {
  judge(Stage::cost, 0, Verdict::failed);
  EXPECT_EQ(points(), "40 0 10 20 | 70 of 100 points");
}

TEST_F(Promises, ACostWithPointsOfItsOwnCostsThoseAlone) {
  judge(Stage::cost, 1, Verdict::failed);
  EXPECT_EQ(points(), "40 30 0 20 | 90 of 100 points");
}

TEST_F(Promises, WhatCouldNotBeMeasuredIsNeitherGivenNorTaken) {
  judge(Stage::gate, 0, Verdict::inconclusive);
  EXPECT_EQ(points(), "40 30 10 - | 80 of 80 points; 20 not measured here");
  judge(Stage::gate, 0, Verdict::not_run);  // skipped: this machine has one core
  EXPECT_EQ(points(), "40 30 10 - | 80 of 80 points; 20 not measured here");
  end(Stage::gate, Verdict::environment);
  EXPECT_EQ(points(), "40 30 10 - | 80 of 80 points; 20 not measured here");
}

TEST_F(Promises, AStageThatTheMachineCannotRunMeasuresNoStep) {
  end(Stage::tsan, Verdict::environment);
  EXPECT_EQ(points(), "- - 10 20 | 30 of 30 points; 70 not measured here");
}

// What was seen broken stays broken, whatever else could not be measured.
TEST_F(Promises, AStepSeenBrokenIsLostThoughAStageCouldNotRun) {
  judge(Stage::unit, 0, Verdict::failed);
  end(Stage::tsan, Verdict::environment);
  EXPECT_EQ(points(), "0 - 10 20 | 30 of 70 points; 30 not measured here");
}

TEST_F(Promises, AGateThatWasNotReachedCanStillBeHad) {
  end(Stage::gate, Verdict::not_run);
  EXPECT_EQ(points(), "40 30 10 0 | 80 of 100 points");
}

// --- Fails closed ----------------------------------------------------------------------

TEST_F(Promises, AStageThatFailsWithoutNamingATestCostsEveryStep) {
  in(Stage::asan).verdict = Verdict::failed;
  EXPECT_EQ(points(), "0 0 10 20 | 30 of 100 points");
}

TEST_F(Promises, AFindingThatNamesNoTestCostsEveryStep) {
  judge(Stage::asan, 0, Verdict::failed);
  in(Stage::asan).findings.emplace_back().test = "";
  EXPECT_EQ(points(), "0 0 10 20 | 30 of 100 points");
}

TEST_F(Promises, ATestThatDidNotReportCostsItsStep) {
  in(Stage::tsan).checks.pop_back();
  EXPECT_EQ(points(), "40 0 10 20 | 70 of 100 points");
}

TEST_F(Promises, ATestThatReportedTwiceCostsItsStep) {
  in(Stage::tsan).checks[0].name = "Q.B";
  EXPECT_EQ(points(), "0 30 10 20 | 60 of 100 points");
}

TEST_F(Promises, AnUnknownTestCostsEveryStep) {
  in(Stage::tsan).checks.push_back({"Q.D", Verdict::passed, 0});
  EXPECT_EQ(points(), "0 0 10 20 | 30 of 100 points");
}

TEST_F(Promises, AStageThatPassedWithoutAWordKeepsNothing) {
  end(Stage::interleave, Verdict::passed);
  EXPECT_EQ(points(), "0 0 10 20 | 30 of 100 points");
  end(Stage::cost, Verdict::passed);
  EXPECT_EQ(points(), "0 0 0 20 | 20 of 100 points");
}

TEST_F(Promises, AStageThatIsMissingKeepsNoStep) {
  std::erase_if(stages_, [](const auto& stage) { return stage.stage == Stage::tsan; });
  EXPECT_EQ(points(), "0 0 10 20 | 30 of 100 points");
}

TEST_F(Promises, ALostControlCostsEverything) {
  in(Stage::asan).findings.emplace_back().verdict = Verdict::tampered;
  in(Stage::asan).verdict = Verdict::tampered;
  EXPECT_EQ(points(), "0 0 0 0 | 0 of 100 points");
}

TEST_F(Promises, WhatDoesNotCompileKeepsNothing) {
  in(Stage::build).verdict = Verdict::failed;
  EXPECT_EQ(points(), "0 0 0 0 | 0 of 100 points");
}

}  // namespace
}  // namespace course::grader
