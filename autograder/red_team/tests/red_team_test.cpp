// Every submission of this folder, graded along the way that every submission goes: built in
// the course's own trees, run by the grader's own stages.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "catalogue/manifest.hpp"
#include "grader/build.hpp"
#include "grader/stages.hpp"

namespace course::grader {
namespace {

namespace fs = std::filesystem;

const fs::path root = COURSE_SOURCE_FOLDER;

class RedTeam : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    course_ = new Course{root, {}, {}};
    exercise_ = new Exercise(
        load_exercise(root, root / "autograder/red_team/00-red-team/slot/exercise.toml"));
    workshop_ = new Workshop(*course_, Trees(root, compiler()), 1);
  }

  static void TearDownTestSuite() {
    delete workshop_;
    delete exercise_;
    delete course_;
  }

  static std::string compiler() {
    const char* name = std::getenv("COURSE_COMPILER");
    return name == nullptr ? "" : name;
  }

  static StageResult graded(Stage stage, const std::string& submission) {
    const Subject subject{exercise_, submission};
    if (stage == Stage::build) return run_build_stage(subject, *workshop_);
    const std::string_view preset = preset_of(stage);
    const fs::path tree = workshop_->trees.tree(preset);
    const BuildResult built =
        build(workshop_->trees, preset, {subject.target()}, subject.file(tree), 2);
    if (!built.built) return unbuilt(stage, built);
    return run_stage(stage, with_unwritten_steps(subject, tree), *workshop_);
  }

  // Expects `verdict`, and a finding that says all of `words`.
  static void expect(Stage stage, const std::string& submission, Verdict verdict,
                     const std::vector<std::string>& words) {
    const StageResult result = graded(stage, submission);
    EXPECT_EQ(name_of(result.verdict), name_of(verdict));
    std::string said;
    for (const auto& finding : result.findings) {
      said += finding.test + ": " + finding.what + "\n" + finding.detail + "\n" +
              finding.concept_name + "\n" + fs::path(finding.file).filename().string() +
              ":" + std::to_string(finding.line) + "\n" + finding.again + "\n";
    }
    for (const auto& word : words) {
      EXPECT_NE(said.find(word), std::string::npos) << "not said: " << word << "\n"
                                                    << said;
    }
  }

  static Course* course_;
  static Exercise* exercise_;
  static Workshop* workshop_;
};

Course* RedTeam::course_ = nullptr;
Exercise* RedTeam::exercise_ = nullptr;
Workshop* RedTeam::workshop_ = nullptr;

TEST_F(RedTeam, WhatIsRightPassesEveryStage) {
  for (const Stage stage : {Stage::unit, Stage::tsan, Stage::asan}) {
    expect(stage, "right", Verdict::passed, {});
  }
}

TEST_F(RedTeam, AFileThatDoesNotCompileIsShownAtItsOwnLine) {
  const StageResult result = graded(Stage::build, "does_not_compile");
  ASSERT_EQ(name_of(result.verdict), name_of(Verdict::failed));
  ASSERT_EQ(result.findings.size(), 1U);
  EXPECT_EQ(fs::path(result.findings[0].file).filename(), "slot.hpp");
  EXPECT_GT(result.findings[0].line, 10);
  EXPECT_LT(result.findings[0].what.size() + result.findings[0].detail.size(), 1000U);
}

TEST_F(RedTeam, ATestThatHangsIsShownWithItsStacks) {
  expect(
      Stage::unit, "hangs", Verdict::failed,
      {"Slot.GivesWhatWasPut: did not end within 1 s", "the main thread  slot.hpp:12   ",
       "put\n", "slot_test.cpp:", "--gtest_filter=Slot.GivesWhatWasPut"});
}

// Nobody waits ten times as long for what is known already.
TEST_F(RedTeam, ATestThatHangsIsNotRunAgainUnderASanitizer) {
  (void)graded(Stage::unit, "hangs");
  const StageResult result = graded(Stage::tsan, "hangs");
  EXPECT_EQ(name_of(result.verdict), name_of(Verdict::not_run));
  ASSERT_FALSE(result.notes.empty());
  EXPECT_EQ(result.notes.back(),
            "2 tests not run again, which an earlier stage saw never end");
}

TEST_F(RedTeam, AHangUnderASanitizerKeepsItsTestsConcept) {
  workshop_->hangs.forget("slot-hangs");
  const StageResult result = graded(Stage::asan, "hangs");
  ASSERT_FALSE(result.findings.empty());
  EXPECT_EQ(result.findings[0].concept_name, "atomicity");
}

TEST_F(RedTeam, AStepThatIsNotWrittenBreaksNoConcept) {
  const StageResult result = graded(Stage::unit, "not_written");
  EXPECT_EQ(name_of(result.verdict), name_of(Verdict::not_started));
  ASSERT_FALSE(result.findings.empty());
  EXPECT_EQ(result.findings[0].concept_name, "");
}

// Its tests come to line 9 first, or to either when two threads do: chance names no line.
TEST_F(RedTeam, AStepThatIsNotWrittenIsNamedAtItsFirstLine) {
  const StageResult result = graded(Stage::unit, "not_written");
  ASSERT_FALSE(result.findings.empty());
  for (const auto& finding : result.findings) {
    const fs::path file = finding.file;
    EXPECT_EQ(file.parent_path().filename(), "not_written") << finding.test;
    EXPECT_EQ(finding.line, 8) << finding.test;
  }
}

TEST_F(RedTeam, ACrashNamesItsSignal) {
  expect(Stage::unit, "crashes", Verdict::failed, {"crashed: killed by SIGSEGV"});
}

TEST_F(RedTeam, AnEarlyExitIsTampering) {
  expect(Stage::unit, "exits_early", Verdict::tampered,
         {"ended with status 0 before its test"});
}

TEST_F(RedTeam, AnExitBeforeMainLosesTheControl) {
  expect(Stage::unit, "exits_at_start", Verdict::tampered,
         {"CourseControl.MustFail: a control did not answer"});
}

TEST_F(RedTeam, OutputWithoutEndIsCutAndNamed) {
  expect(Stage::unit, "floods", Verdict::failed, {"printed without end", "still here"});
}

TEST_F(RedTeam, ARaceIsToldInWords) {
  expect(Stage::tsan, "races", Verdict::failed,
         {"data race on value_", "the main thread", "thread 1", "value_ = value;",
          "would be in order", "data race"});
}

TEST_F(RedTeam, ALeakIsToldWithItsLine) {
  expect(Stage::asan, "leaks", Verdict::failed,
         {"never freed", "value_ = new int(value);", "leak"});
}

TEST_F(RedTeam, RedefinedAssertionsAreTampering) {
  expect(Stage::build, "silences_its_tests", Verdict::tampered, {"redefines EXPECT_EQ"});
}

TEST_F(RedTeam, ASanitizerThatCannotStartIsTheEnvironments) {
  expect(Stage::tsan, "tsan_cannot_start", Verdict::environment,
         {"ThreadSanitizer cannot start", "sudo sysctl vm.mmap_rnd_bits=28"});
}

TEST_F(RedTeam, AMissingCompilerIsTheEnvironments) {
  const Trees trees(root, "no-such-compiler");
  const BuildResult built = build(trees, "student", {"slot-right"}, "slot.hpp", 1);
  fs::remove_all(root / ".build" / "no-such-compiler");
  EXPECT_FALSE(built.built);
  EXPECT_TRUE(built.error.environment);
  EXPECT_NE(built.error.first.message.find("no working C++ compiler"), std::string::npos)
      << built.error.first.message << built.output;
}

}  // namespace
}  // namespace course::grader
