// Every submission of this folder, graded along the way that every submission goes: built in
// the course's own trees, run by the grader's own stages.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>

#include "catalogue/files.hpp"
#include "catalogue/manifest.hpp"
#include "catalogue/toml_table.hpp"
#include "grader/build.hpp"
#include "grader/look.hpp"
#include "grader/stages.hpp"
#include "grader/terminal.hpp"

namespace course::grader {
namespace {

namespace fs = std::filesystem;

const fs::path root = COURSE_SOURCE_FOLDER;

// What nothing that is graded here may exceed. A sanitizer takes terabytes of addresses, and
// touches few of them.
void limit(__rlimit_resource resource, rlim_t most) {
  rlimit now{};
  ::getrlimit(resource, &now);
  now.rlim_cur = std::min(now.rlim_max, most);
  ::setrlimit(resource, &now);
}

void limit_for(Stage stage) {
  constexpr rlim_t gibibyte = rlim_t{1} << 30U;
  const bool addresses = stage == Stage::build || stage == Stage::unit;
  limit(RLIMIT_AS, addresses ? 16 * gibibyte : RLIM_INFINITY);
  limit(RLIMIT_FSIZE, 2 * gibibyte);
  limit(RLIMIT_NPROC, 8192);
  limit(RLIMIT_CPU, 600);
}

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

  // Takes the limits on addresses from the tests that follow.
  void TearDown() override { limit(RLIMIT_AS, RLIM_INFINITY); }

  static std::string compiler() {
    const char* name = std::getenv("COURSE_COMPILER");
    return name == nullptr ? "" : name;
  }

  static StageResult graded(Stage stage, const std::string& submission) {
    limit_for(stage);
    const Subject subject{exercise_, submission};
    if (stage == Stage::build) return run_build_stage(subject, *workshop_);
    const std::string_view preset = preset_of(stage);
    const fs::path tree = workshop_->trees.tree(preset);
    const BuildResult built =
        build(workshop_->trees, preset, {subject.target()}, subject.file(tree), 2);
    if (!built.built) return unbuilt(stage, built, subject, *workshop_).value();
    return run_stage(stage, with_unwritten_steps(subject, tree), *workshop_);
  }

  // Expects `verdict`, and a finding that says all of `words`.
  static void expect(Stage stage, const std::string& submission, Verdict verdict,
                     const std::vector<std::string>& words) {
    expect(graded(stage, submission), verdict, words);
  }

  static void expect(const StageResult& result, Verdict verdict,
                     const std::vector<std::string>& words) {
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
  for (const Stage stage :
       {Stage::build, Stage::unit, Stage::interleave, Stage::tsan, Stage::asan}) {
    expect(stage, "right", Verdict::passed, {});
  }
}

// --- What each folder says of its own -------------------------------------------------------

// The folders that have a submission, but for the right one.
std::vector<std::string> attacks() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(root / "autograder/red_team")) {
    const std::string name = entry.path().filename();
    if (fs::exists(entry.path() / "slot.hpp") && name != "right") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

class Attack : public RedTeam, public testing::WithParamInterface<std::string> {};

TEST_P(Attack, IsSeenForWhatItIs) {
  const fs::path file = root / "autograder/red_team" / GetParam() / "said.toml";
  const toml::table parsed = parse_toml(file);
  TomlTable said(parsed, file, "what is said of it");
  const std::string stage_name = said.text("stage");
  const Verdict verdict = verdict_named(said.text("verdict")).value();
  const std::vector<std::string> says = said.texts("says");
  const bool both = said.has("both_compilers");
  said.nothing_else();
  if (compiler().find("clang") != std::string::npos && !both) {
    GTEST_SKIP() << "graded with g++ alone: the compiler does not matter";
  }
  const auto stage = std::find_if(all_stages.begin(), all_stages.end(),
                                  [&](Stage one) { return name_of(one) == stage_name; });
  ASSERT_NE(stage, all_stages.end()) << stage_name;
  if (*stage == Stage::build) {
    expect(*stage, GetParam(), verdict, says);
  } else {
    if (*stage == Stage::unit) expect(Stage::build, GetParam(), Verdict::passed, {});
    expect(*stage, GetParam(), verdict, says);
  }
}

INSTANTIATE_TEST_SUITE_P(Of, Attack, testing::ValuesIn(attacks()),
                         [](const auto& attack) { return attack.param; });

TEST(RedTeamFolder, HoldsTheAttacksThatAreAskedFor) { EXPECT_GE(attacks().size(), 45U); }

// --- What takes more than a verdict ---------------------------------------------------------

// All that a terminal is sent for `result`.
std::string shown(const Exercise& exercise, const Course& course,
                  const StageResult& stage) {
  ExerciseResult result{{&exercise, "student"}, {stage}, {}};
  std::FILE* file = std::tmpfile();
  Terminal terminal(file, false, course);
  terminal.stage(stage);
  terminal.end(result);
  std::rewind(file);
  std::string text(1 << 16, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

TEST_F(RedTeam, WhatCommandsItsReaderIsShownAndNotObeyed) {
  for (const auto& [stage, submission] :
       {std::pair(Stage::unit, "commands_its_reader"),
        std::pair(Stage::build, "commands_in_its_errors")}) {
    const StageResult result = graded(stage, submission);
    const std::string text = shown(*exercise_, *course_, result);
    EXPECT_NE(text.find("\\x1b[2J"), std::string::npos) << text;
    EXPECT_EQ(text.find_first_of("\033\007\r\xff"), std::string::npos) << text;
    EXPECT_EQ(text.find("\u202E"), std::string::npos) << text;
    for (const std::string& line : lines_of(text)) {
      EXPECT_FALSE(trimmed(line).starts_with("::")) << line;
    }
  }
}

TEST_F(RedTeam, AnExerciseCanAllowWhatItNeeds) {
  Exercise lenient = *exercise_;
  lenient.allowed.push_back({"asm", "it teaches what a compiler makes of a store"});
  const Subject subject{&lenient, "writes_in_assembly"};
  EXPECT_EQ(run_build_stage(subject, *workshop_).verdict, Verdict::passed);
  expect(Stage::build, "writes_in_assembly", Verdict::failed, {"uses inline assembly"});
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

// What is known already is not waited for ten times as long.
TEST_F(RedTeam, ATestThatHangsIsNotRunAgainUnderASanitizer) {
  (void)graded(Stage::unit, "hangs");
  const StageResult result = graded(Stage::tsan, "hangs");
  EXPECT_EQ(name_of(result.verdict), name_of(Verdict::not_run));
  ASSERT_FALSE(result.notes.empty());
  EXPECT_EQ(result.notes.back(),
            "3 tests not run again: in an earlier stage they never ended");
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

TEST_F(RedTeam, ARaceIsToldInWords) {
  expect(Stage::tsan, "races", Verdict::failed,
         {"data race on value_", "the main thread", "thread 1", "value_ = value;",
          "would be in order", "data race"});
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
