#include "catalogue/manifest.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "catalogue/nearest.hpp"
#include "catalogue/unwritten.hpp"

namespace course {
namespace {

namespace fs = std::filesystem;

const std::string good = R"(id = "1.1"
title = "A job queue that blocks"
hints = ["a", "b", "c"]
otherwise = "It is shorter."

[[step]]
title = "first in, first out"
points = 60

[limits]
test_seconds = 2

[stage.tsan]
concept = "lost wake-up"

[[cost]]
test = "JobQueue.Cost"
operation = "hand-over"
points = 10
limits = { locks = 2, "wake-ups" = 1 }
concept = "busy waiting"
reason = "one lock each side"

[[gate]]
name = "HandOver"
kind = "ratio"
points = 30
concept = "contention"
reason = "nothing but the queue's own work"

[[allowed]]
name = "asm"
reason = "a fence of its own"
)";

const std::string good_tests = R"(// STEP_TEST(7, Not, ATest)
STEP_TEST(1, JobQueue, Order, "job order") {
}

STEP_TEST(1, JobQueue, Cost,
          "busy waiting") {
}
STEP_TEST_F(1, JobQueueTest, Moves) {}
)";

const std::string good_head = R"(mistake: last in, first out,
  and nobody looks
caught by: unit tsan
concept: job order
tests: JobQueue.Order JobQueue.Cost

--- solution
+++ mutant
)";

// A course's folder that lasts as long as one test.
class Manifest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "manifestXXXXXX";
    root_ = ::mkdtemp(name.data());
  }
  void TearDown() override { fs::remove_all(root_); }

  // The exercise's files, one of which may be another than the good one.
  void write(const std::string& exercise, const std::string& manifest,
             const std::string& tests = good_tests, const std::string& head = good_head) {
    const fs::path folder = root_ / "exercises" / "01-parallel-workers" / exercise;
    const fs::path mutants =
        root_ / "autograder" / "mutants" / "01-parallel-workers" / exercise;
    fs::create_directories(folder);
    fs::create_directories(mutants);
    std::ofstream(folder / "exercise.toml") << manifest;
    std::ofstream(folder / (exercise + "_test.cpp")) << tests;
    std::ofstream(mutants / "lifo.diff") << head;
  }

  std::string message() {
    try {
      (void)load_course(root_);
    } catch (const ManifestError& error) {
      return error.what();
    }
    return "accepted";
  }

  static std::string replaced(std::string text, const std::string& old,
                              const std::string& replacement) {
    return text.replace(text.find(old), old.size(), replacement);
  }

  // The message with which the exercise is rejected after `old` was replaced.
  std::string rejected(const std::string& old, const std::string& replacement) {
    write("job_queue", replaced(good, old, replacement));
    return message();
  }
  std::string rejected_tests(const std::string& old, const std::string& replacement) {
    write("job_queue", good, replaced(good_tests, old, replacement));
    return message();
  }
  std::string rejected_head(const std::string& old, const std::string& replacement) {
    write("job_queue", good, good_tests, replaced(good_head, old, replacement));
    return message();
  }

  fs::path root_;
};

const std::string tests_file =
    "exercises/01-parallel-workers/job_queue/job_queue_test.cpp";
const std::string diff_file =
    "autograder/mutants/01-parallel-workers/job_queue/lifo.diff";

TEST_F(Manifest, CountsTheExplorationsOfEachTest) {
  write("job_queue", good, R"(STEP_TEST(1, JobQueue, Order) {
  interleave::explore([] {});
  // explore(
  explore_some(body); explores_schedules(); unexplored(2);
}
explore(not_in_a_test);
STEP_TEST(1, JobQueue, Cost) {
  if (!interleave::explores_schedules()) return;
  explore([] {});
}
)");
  const auto tests = load_course(root_).exercises.at(0).tests();
  ASSERT_EQ(tests.size(), 2U);
  EXPECT_EQ(tests[0].explorations, 2U);
  EXPECT_FALSE(tests[0].only_where_explored);
  EXPECT_EQ(tests[1].explorations, 1U);
  EXPECT_TRUE(tests[1].only_where_explored);
}

TEST_F(Manifest, ReadsEverything) {
  write("job_queue", good);
  const Course course = load_course(root_);
  ASSERT_EQ(course.exercises.size(), 1U);
  const Exercise& exercise = course.exercises[0];
  EXPECT_EQ(exercise.name, "job_queue");
  EXPECT_EQ(exercise.lesson, "01-parallel-workers");
  ASSERT_EQ(exercise.tests().size(), 3U);
  EXPECT_EQ(exercise.tests()[0].name, "JobQueue.Order");
  EXPECT_EQ(exercise.tests()[1].concept_name, "busy waiting");
  EXPECT_EQ(exercise.tests()[1].line, 5);
  ASSERT_EQ(exercise.allowed.size(), 1U);
  EXPECT_EQ(exercise.allowed[0].name, "asm");
  EXPECT_EQ(exercise.tests()[2].name, "JobQueueTest.Moves");
  EXPECT_EQ(exercise.tests()[2].concept_name, "");
  EXPECT_EQ(exercise.steps[0].points, 60);
  EXPECT_EQ(exercise.costs[0].points, 10);
  EXPECT_EQ(exercise.gates[0].points, 30);
  EXPECT_EQ(exercise.gates[0].told, 0.80);
  EXPECT_EQ(exercise.costs[0].limits.at("wake-ups"), 1);
  EXPECT_EQ(exercise.stage_concepts.at(Stage::tsan), "lost wake-up");
  EXPECT_EQ(exercise.stage_concepts.at(Stage::asan), "lifetime");
  EXPECT_EQ(exercise.test_seconds, 2);
  EXPECT_EQ(exercise.stage_seconds, 60);
  const Mutant& mutant = exercise.mutants.at(0);
  EXPECT_EQ(mutant.name, "lifo");
  EXPECT_EQ(mutant.mistake, "last in, first out, and nobody looks");
  EXPECT_EQ(mutant.caught_by, (std::vector{Stage::unit, Stage::tsan}));
  EXPECT_EQ(mutant.concept_name, "job order");
  EXPECT_EQ(mutant.tests, (std::vector<std::string>{"JobQueue.Order", "JobQueue.Cost"}));
}

TEST_F(Manifest, SuggestsTheKeyThatWasMeant) {
  EXPECT_EQ(
      rejected("title = \"first", "titel = \"first"),
      "exercises/01-parallel-workers/job_queue/exercise.toml:7: a [[step]] has no key "
      "`titel`; did you mean `title`?");
}

TEST_F(Manifest, RejectsAKeyThatIsNeverRead) {
  EXPECT_EQ(
      rejected("test_seconds = 2", "test_seconds = 2\nstage_second = 3"),
      "exercises/01-parallel-workers/job_queue/exercise.toml:12: [limits] has no key "
      "`stage_second`; did you mean `stage_seconds`?");
}

TEST_F(Manifest, RejectsPointsThatDoNotSumToAHundred) {
  EXPECT_EQ(
      rejected("points = 60", "points = 61"),
      "exercises/01-parallel-workers/job_queue/exercise.toml:1: this exercise gives 101 "
      "points: its steps 61, its costs 10, its gates 30; all together they must give "
      "100");
}

TEST_F(Manifest, ACostWithoutPointsBelongsToTheStepOfItsTest) {
  write("job_queue", replaced(replaced(good, "points = 10\n", ""), "60", "70"));
  EXPECT_EQ(load_course(root_).exercises.at(0).costs[0].step, 1);
}

TEST_F(Manifest, AGateMayBelongToAStep) {
  write("job_queue", replaced(replaced(good, "points = 30\n", "step = 1\n"), "60", "90"));
  EXPECT_EQ(load_course(root_).exercises.at(0).gates[0].step, 1);
  EXPECT_EQ(
      rejected("points = 30\n", "step = 2\n"),
      "exercises/01-parallel-workers/job_queue/exercise.toml:27: `step` of a [[gate]] "
      "must be one of the exercise's steps");
}

TEST_F(Manifest, AGateMayHoldAClaimOverAnotherWork) {
  write("job_queue",
        replaced(
            good, "kind = \"ratio\"\n",
            "kind = \"claim\"\nthreads = 2\nover = \"OneLock\"\nclaimed = \"times\"\n"));
  const GateRule gate = load_course(root_).exercises.at(0).gates.at(0);
  EXPECT_EQ(gate.kind, GateRule::Kind::claim);
  EXPECT_EQ(gate.threads, 2);
  EXPECT_EQ(gate.over, "OneLock");
  EXPECT_EQ(gate.claimed, "times");
  EXPECT_NE(
      rejected("kind = \"ratio\"\n", "kind = \"gain\"\nthreads = 2\n").find("`over`"),
      std::string::npos);
  EXPECT_NE(
      rejected("kind = \"ratio\"", "kind = \"speed\"").find("\"gain\" or \"claim\""),
      std::string::npos);
}

// One step that the solution marks is enough, of those that it marks.
TEST_F(Manifest, SeesWhetherAnythingIsWritten) {
  Exercise exercise;
  exercise.steps = {{1, "", 50, {}}, {2, "", 30, {}}, {3, "", 20, {}}};
  exercise.file = root_ / "x.hpp";
  exercise.solution = root_ / "solution.hpp";
  std::ofstream(exercise.solution) << "  //> step 1(): a\n  //<\n//> step 2(): b\n//<\n";
  std::ofstream(exercise.file) << "course::todo(1);\ncourse::todo(2);\n";
  EXPECT_FALSE(is_started(exercise));
  std::ofstream(exercise.file) << "course::todo(2);\n";
  EXPECT_TRUE(is_started(exercise));

  // What was seen before the save still holds.
  EXPECT_FALSE(is_started(exercise, {{1, 1}, {2, 2}}));
}

TEST_F(Manifest, RejectsWhatIsNotToml) {
  const std::string message = rejected("id = \"1.1\"", "id = ");
  EXPECT_NE(message.find("exercise.toml:1: this is not TOML"), std::string::npos)
      << message;
}

TEST_F(Manifest, RejectsATestOfAStepThatIsNotThere) {
  EXPECT_EQ(rejected_tests("STEP_TEST(1, JobQueue, Cost", "STEP_TEST(2, JobQueue, Cost"),
            tests_file + ":5: JobQueue.Cost holds step 2, and exercise.toml has 1");
}

TEST_F(Manifest, RejectsATestThatHoldsNoStep) {
  for (const char* test : {"TEST(JobQueue, Order)", "STEP_TEST(one, JobQueue, Order)"}) {
    EXPECT_EQ(rejected_tests("STEP_TEST(1, JobQueue, Order, \"job order\")", test),
              tests_file +
                  ":2: this test does not say which step it holds; write STEP_TEST(STEP, "
                  "SUITE, NAME) { or STEP_TEST(STEP, SUITE, NAME, \"concept\") {");
  }
}

TEST_F(Manifest, RejectsATestThatIsThereTwice) {
  EXPECT_EQ(
      rejected_tests("STEP_TEST_F(1, JobQueueTest, Moves", "STEP_TEST(1, JobQueue, Cost"),
      tests_file + ":8: the test JobQueue.Cost is at line 5 already");
}

TEST_F(Manifest, RejectsAStepWithoutATest) {
  EXPECT_EQ(
      rejected("points = 60", "points = 30\n[[step]]\ntitle = \"close\"\npoints = 30"),
      tests_file + ":1: no test holds step 2 (close); write STEP_TEST(2, …)");
}

TEST_F(Manifest, RejectsACostOfATestThatIsNotThere) {
  EXPECT_EQ(
      rejected("JobQueue.Cost", "JobQueue.Costs"),
      "exercises/01-parallel-workers/job_queue/exercise.toml:1: this exercise has a "
      "[[cost]] of the test `JobQueue.Costs`, which is not there; did you mean "
      "`JobQueue.Cost`?");
}

TEST_F(Manifest, RejectsAHeadThatLacksALine) {
  EXPECT_EQ(rejected_head("concept: job order\n", ""),
            diff_file +
                ":1: its head lacks the line `concept: …`; it needs `mistake`, "
                "`caught by`, `concept` and `tests`");
}

TEST_F(Manifest, RejectsALineThatIsNeverRead) {
  EXPECT_EQ(rejected_head("caught by:", "caught in:"),
            diff_file +
                ":3: a mutant's head has no line `caught in`; did you mean "
                "`caught by`?");
}

TEST_F(Manifest, RejectsAStageThatDoesNotExist) {
  EXPECT_EQ(rejected_head("unit tsan", "units tsan"),
            diff_file + ":3: there is no stage `units`; did you mean `unit`?");
}

TEST_F(Manifest, RejectsStagesInAnotherOrderThanTheGraders) {
  EXPECT_EQ(rejected_head("unit tsan", "tsan unit"),
            diff_file +
                ":3: `unit` comes before `tsan` in a grading; list the stages in "
                "that order");
}

TEST_F(Manifest, RejectsAHeadWithATestThatIsNotThere) {
  EXPECT_EQ(rejected_head("JobQueue.Order", "JobQueue.Ordre"),
            diff_file +
                ":5: there is no test `JobQueue.Ordre`; did you mean "
                "`JobQueue.Order`?");
  EXPECT_EQ(rejected_head("caught by: unit tsan", "caught by: cost"),
            diff_file +
                ":5: there is no cost test `JobQueue.Order`; there are "
                "JobQueue.Cost");
}

TEST_F(Manifest, RejectsAConceptWithTwoHomes) {
  for (const char* lesson : {"01-a", "02-b"}) {
    fs::create_directories(root_ / "lessons" / lesson);
    std::ofstream(root_ / "lessons" / lesson / "concepts.toml")
        << "[\"lost wake-up\"]\nmeans = \"x\"\n";
  }
  EXPECT_EQ(
      message(),
      "lessons/02-b/concepts.toml:1: the concept \"lost wake-up\" is at "
      "lessons/01-a/concepts.toml:1 already; a concept has one home, and other lessons "
      "name it");
}

TEST_F(Manifest, RejectsAnIdOfAnotherLesson) {
  EXPECT_NE(rejected("id = \"1.1\"", "id = \"2.1\"").find("must be 1.1, 1.2"),
            std::string::npos);
}

// What is recorded as right stands beside the mutants, and is none.
TEST_F(Manifest, TakesNoEquivalentForAMutant) {
  write("job_queue", good);
  std::ofstream(root_ / "autograder" / "mutants" / "01-parallel-workers" / "job_queue" /
                "equivalent.toml")
      << "[[equivalent]]\n";
  EXPECT_EQ(load_course(root_).exercises.at(0).mutants.size(), 1U);
}

TEST_F(Manifest, RejectsTwoHints) {
  EXPECT_NE(rejected("[\"a\", \"b\", \"c\"]", "[\"a\", \"b\"]").find(":3: `hints`"),
            std::string::npos);
}

TEST_F(Manifest, RejectsAnIdTakenTwice) {
  write("other", good);
  EXPECT_NE(rejected("A job", "Another job").find("is taken by"), std::string::npos);
}

TEST_F(Manifest, FindsExercisesByEveryName) {
  write("job_queue", good);
  const Course course = load_course(root_);
  for (const char* id :
       {"1", "01", "1.1", "job_queue", "parallel-workers", "01-parallel-workers"}) {
    EXPECT_EQ(course.select({id}).size(), 1U) << id;
  }
  EXPECT_EQ(course.select({"1", "1.1"}).size(), 1U);
}

TEST_F(Manifest, SuggestsTheExerciseThatWasMeant) {
  write("job_queue", good);
  const Course course = load_course(root_);
  try {
    (void)course.select({"job_qeue"});
    FAIL() << "an unknown exercise was found";
  } catch (const UnknownId& error) {
    EXPECT_STREQ(error.what(),
                 "there is no lesson or exercise `job_qeue`; did you mean `job_queue`?");
  }
}

TEST_F(Manifest, SeesWhichStepsAreLeft) {
  const fs::path file = root_ / "x.hpp";
  std::ofstream(file)
      << "course::todo(2, value);\n// course::todo(1)\n course::todo( 3 );\n";
  EXPECT_EQ(unwritten_in(file), (std::map<int, int>{{2, 1}, {3, 3}}));
}

TEST(Nearest, KeepsQuietWhenNothingIsNear) {
  EXPECT_EQ(nearest("zebra", {"points", "title"}), "");
  EXPECT_EQ(nearest("ponits", {"points", "title"}), "points");
}

}  // namespace
}  // namespace course
