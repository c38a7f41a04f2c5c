// The proof is tried on a grader that says what each test tells it to say.
#include "author/verify.hpp"

#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "grader/cause.hpp"

namespace course::author {
namespace {

using grader::StageResult;
using grader::Subject;
using grader::Verdict;

StageResult verdict(Verdict what, const std::string& concept_name = "") {
  StageResult result;
  result.verdict = what;
  if (what == Verdict::passed) return result;
  grader::Finding finding;
  finding.concept_name = concept_name;
  finding.what = "as it was told";
  result.findings.push_back(finding);
  return result;
}

StageResult failed(const std::string& test, const std::string& concept_name) {
  StageResult result = verdict(Verdict::failed, concept_name);
  result.findings.front().test = test;
  return result;
}

class ToldGrading : public Grading {
 public:
  std::map<std::string, std::string> build(
      std::string_view preset, const std::vector<Subject>& subjects) override {
    for (const auto& subject : subjects) {
      built.push_back(std::string(preset) + " " + subject.target());
    }
    ++builds;
    return unbuilt[std::string(preset)];
  }

  StageResult run(Stage stage, const Subject& subject,
                  const std::vector<std::string>& only) override {
    const std::scoped_lock lock(mutex_);
    const std::string what = std::string(name_of(stage)) + " " + subject.target();
    ++runs[what];
    tests[what] = only;
    const auto found = told.find(what);
    if (found != told.end()) return found->second;
    if (subject.variant == "student") return verdict(Verdict::not_started);
    if (subject.variant == "solution") return verdict(Verdict::passed);
    return failed(only.empty() ? "" : only.front(), "data race");
  }

  bool applies(Stage stage, const Exercise&) const override {
    return stage != Stage::cost;
  }
  std::string printed(const grader::ExerciseResult& result) const override {
    if (!report.empty()) return report;
    const auto cause = grader::cause_of(result);
    return (cause ? grader::told(*cause) : "") + "next: autograder/course grade 1.1\n";
  }
  unsigned side_by_side() const override { return 2; }

  std::string report;  // of every mutant; empty: what is usual

  std::map<std::string, StageResult> told;  // "unit queue-student" -> what to say
  std::map<std::string, std::map<std::string, std::string>> unbuilt;
  std::vector<std::string> built;
  std::map<std::string, int> runs;
  std::map<std::string, std::vector<std::string>> tests;  // that were asked for
  int builds = 0;

 private:
  std::mutex mutex_;
};

class VerifyTest : public testing::Test {
 protected:
  void SetUp() override {
    exercise_.name = "queue";
    exercise_.steps = {{1, "in order", 50, {{"Queue.A", "", 1, 0}}},
                       {2, "closes", 50, {{"Queue.B", "", 2, 0}}}};
    exercise_.mutants = {{"unlocked",
                          "no lock",
                          {Stage::interleave, Stage::tsan},
                          "data race",
                          {"Queue.A"}},
                         {"slow", "spins", {Stage::gate}, "data race", {"Scaling"}}};
  }

  Proof proof() {
    Proof proof;
    proof.evidence = gather_evidence({&exercise_}, extent_, grading_,
                                     [&](const Evidence&) { ++heard_; });
    return proof;
  }

  // The words of the one piece of evidence that does not hold.
  std::string complaint() {
    std::string words;
    for (const auto& one : proof().evidence) {
      if (one.standing != Standing::holds)
        words += (words.empty() ? "" : " | ") + one.words;
    }
    return words;
  }

  Exercise exercise_;
  Extent extent_;
  ToldGrading grading_;
  int heard_ = 0;
};

TEST_F(VerifyTest, EverythingAsItShouldBeHolds) {
  const Proof result = proof();
  EXPECT_EQ(result.standing(), Standing::holds);
  EXPECT_EQ(result.summary(),
            "starters 1/1, solutions 1/1, mutants caught by the right stage 2/2");
  EXPECT_EQ(heard_, static_cast<int>(result.evidence.size()));
}

TEST_F(VerifyTest, EachTreeIsBuiltOnceWithWhatItNeeds) {
  (void)proof();
  EXPECT_EQ(grading_.builds, 6);  // author, student, interleave, tsan, asan, bench
  const auto times = [&](const std::string& what) {
    return std::count(grading_.built.begin(), grading_.built.end(), what);
  };
  EXPECT_EQ(times("interleave queue-unlocked"), 1);
  EXPECT_EQ(times("tsan queue-unlocked"), 0);
  EXPECT_EQ(times("asan queue-unlocked"), 0);
  EXPECT_EQ(times("bench queue-slow"), 1);
  EXPECT_EQ(times("student queue-solution"), 1);
  EXPECT_EQ(times("author queue-student"), 1);
}

TEST_F(VerifyTest, MutantRunsTheTestsOfItsHeadInItsFirstStage) {
  (void)proof();
  EXPECT_EQ(grading_.runs["interleave queue-unlocked"], 1);
  EXPECT_EQ(grading_.tests["interleave queue-unlocked"],
            std::vector<std::string>{"Queue.A"});
  EXPECT_EQ(grading_.runs.count("tsan queue-unlocked"), 0U);
  EXPECT_EQ(grading_.runs.count("unit queue-unlocked"), 0U);
}

// Which of its tests fail in a later stage its head does not say.
TEST_F(VerifyTest, MutantRunsInEveryStageWhereThatIsAskedFor) {
  extent_.mutants = MutantStages::every;
  EXPECT_EQ(proof().standing(), Standing::holds);
  EXPECT_EQ(grading_.runs["interleave queue-unlocked"], 1);
  EXPECT_EQ(grading_.runs["tsan queue-unlocked"], 1);
  EXPECT_EQ(grading_.tests["tsan queue-unlocked"], std::vector<std::string>{});
}

TEST_F(VerifyTest, OnlyWhatIsAskedForIsBuiltAndRun) {
  extent_ = {MutantStages::none, Stage::interleave};
  const Proof result = proof();
  EXPECT_EQ(result.standing(), Standing::holds);
  EXPECT_EQ(grading_.built, std::vector<std::string>{"interleave queue-solution"});
  EXPECT_EQ(grading_.runs,
            (std::map<std::string, int>{{"interleave queue-solution", 1}}));
}

TEST_F(VerifyTest, TestThatDoesNotCatchTheMutantIsNamed) {
  exercise_.mutants[0].tests = {"Queue.A", "Queue.B"};
  EXPECT_EQ(complaint(),
            "Queue.B does not catch it: take it out of the head of its diff");
}

TEST_F(VerifyTest, EscapedMutantFails) {
  grading_.told["interleave queue-unlocked"] = verdict(Verdict::passed);
  EXPECT_EQ(
      complaint(),
      "escapes the tests that its head names: add a test that this mistake breaks, or "
      "name another stage in the head of its diff");
  EXPECT_EQ(proof().tally(Kind::mutant).holding, 1U);
  EXPECT_EQ(proof().standing(), Standing::fails);
}

// A terminal of 80 columns would break it.
TEST_F(VerifyTest, MutantThatIsToldInAWideLineFails) {
  grading_.report = "  data race   Queue.A\n    as it was told\n    " +
                    std::string(77, 'x') + "\nnext: autograder/course grade 1.1\n";
  EXPECT_NE(complaint().find("prints a line of more than 80 columns:     xxx"),
            std::string::npos)
      << complaint();
}

// A terminal of 24 lines would have scrolled its heading away.
TEST_F(VerifyTest, MutantWhoseHeadIsNotInViewFails) {
  exercise_.mutants.resize(1);
  const std::string head = "  data race   Queue.A\n    as it was told\n";
  const auto below = [](int lines) {
    std::string text;
    for (int line = 0; line < lines; ++line) text += "    and on\n";
    return text + "next: autograder/course grade 1.1\n";
  };
  grading_.report = "1.1 queue\n" + head + below(20);
  EXPECT_EQ(complaint(), "");
  grading_.report = "1.1 queue\n" + head + below(21);
  EXPECT_EQ(complaint(), "its heading is not among the last 23 lines");
  grading_.report = "1.1 queue\n    as it was told\nnext: autograder/course grade 1.1\n";
  EXPECT_EQ(complaint(), "its heading is not among the last 23 lines");
}

TEST_F(VerifyTest, MutantThatIsToldWithoutWhatToDoNextFails) {
  exercise_.mutants.resize(1);
  grading_.report = "  data race   Queue.A\n    as it was told\n";
  EXPECT_EQ(complaint(), "does not say what to do next");
}

TEST_F(VerifyTest, MutantCaughtUnderAnotherConceptFails) {
  grading_.told["gate queue-slow"] = failed("Scaling", "contention");
  EXPECT_EQ(complaint(),
            "is caught, but as \"contention\", not as \"data race\": as it was told");
}

TEST_F(VerifyTest, MutantWhoseOwnGateCouldNotTellIsInconclusive) {
  using Kind = GateRule::Kind;
  exercise_.gates = {{"Ratio", Kind::ratio, 0, 0.8, "contention", "", 0, 0},
                     {"Scaling", Kind::scaling, 1, 0.8, "data race", "", 0, 0}};
  StageResult result = failed("Scaling", "contention");
  result.checks = {{"Ratio", Verdict::failed, 1}, {"Scaling", Verdict::inconclusive, 1}};
  grading_.told["gate queue-slow"] = result;
  EXPECT_EQ(proof().standing(), Standing::inconclusive);
  EXPECT_EQ(grading_.runs["gate queue-slow"], 3);

  result.checks[1].verdict = Verdict::passed;
  grading_.told["gate queue-slow"] = result;
  EXPECT_EQ(proof().standing(), Standing::fails);
}

TEST_F(VerifyTest, CrashOfTheToolchainIsNoCatch) {
  grading_.told["interleave queue-unlocked"] = verdict(Verdict::environment, "data race");
  EXPECT_EQ(complaint(), "is environment: as it was told");
  grading_.told["interleave queue-unlocked"] = verdict(Verdict::tampered, "data race");
  EXPECT_EQ(complaint(), "is tampered: as it was told");
}

TEST_F(VerifyTest, StageThatDidNotRunHasCaughtNothing) {
  grading_.told["gate queue-slow"] = verdict(Verdict::not_run);
  EXPECT_EQ(complaint(), "is not run: as it was told");
  EXPECT_EQ(proof().tally(Kind::mutant).holding, 1U);
}

TEST_F(VerifyTest, UnsureGateIsAskedThreeTimesAndReportedAsItself) {
  grading_.told["gate queue-slow"] = verdict(Verdict::inconclusive);
  const Proof result = proof();
  EXPECT_EQ(grading_.runs["gate queue-slow"], 3);
  EXPECT_EQ(result.standing(), Standing::inconclusive);
  EXPECT_EQ(result.summary(),
            "starters 1/1, solutions 1/1, mutants caught by the right stage 1/2 "
            "(inconclusive 1)");
}

TEST_F(VerifyTest, SolutionThatFailsAStageFails) {
  grading_.told["asan queue-solution"] = verdict(Verdict::failed, "leak");
  EXPECT_EQ(complaint(), "is failed: as it was told");
  EXPECT_EQ(proof().tally(Kind::solution).holding, 0U);
}

TEST_F(VerifyTest, StarterThatPassesFails) {
  grading_.told["unit queue-student"] = verdict(Verdict::passed);
  EXPECT_EQ(complaint(), "is passed, not `not started`: it says nothing more");
}

TEST_F(VerifyTest, StarterWhoseStepPassesUnwrittenFails) {
  StageResult half = verdict(Verdict::not_started);
  half.checks = {{"Queue.A", Verdict::passed, 0}, {"Queue.B", Verdict::not_started, 0}};
  grading_.told["unit queue-student"] = half;
  EXPECT_NE(complaint().find("step 1 is passed before it was written"),
            std::string::npos);
}

TEST_F(VerifyTest, StarterWithAWarningFails) {
  grading_.unbuilt["author"]["queue-student"] = "queue.hpp:3: unused variable";
  EXPECT_EQ(complaint(), "does not build: queue.hpp:3: unused variable");
  EXPECT_EQ(proof().tally(Kind::starter).holding, 0U);
}

TEST_F(VerifyTest, MutantThatDoesNotBuildIsNotCaught) {
  grading_.unbuilt["bench"]["queue-slow"] = "queue.hpp:9: no such member";
  EXPECT_EQ(complaint(), "does not build: queue.hpp:9: no such member");
  EXPECT_EQ(grading_.runs.count("gate queue-slow"), 0U);
}

TEST_F(VerifyTest, MutantForTheCompilerIsBuiltByItsTrialAlone) {
  exercise_.mutants = {{"copied", "copies", {Stage::build}, "data race", {}}};
  EXPECT_EQ(proof().standing(), Standing::holds);
  EXPECT_EQ(grading_.runs["build queue-copied"], 1);
  EXPECT_EQ(
      std::count(grading_.built.begin(), grading_.built.end(), "student queue-copied"),
      0);
}

TEST_F(VerifyTest, JsonHoldsTheEvidence) {
  const nlohmann::json json = proof().json();
  EXPECT_EQ(json["standing"], "holds");
  EXPECT_EQ(json["mutants"]["holding"], 2);
  EXPECT_EQ(json["evidence"].size(), 10U);
}

}  // namespace
}  // namespace course::author
