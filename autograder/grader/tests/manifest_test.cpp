#include "grader/manifest.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "grader/nearest.hpp"

namespace course::grader {
namespace {

namespace fs = std::filesystem;

const std::string good = R"(id = "1.1"
title = "A job queue that blocks"
file = "job_queue.hpp"
hints = ["a", "b", "c"]

[[step]]
title = "first in, first out"
points = 60
tests = [{ name = "JobQueue.Order", concept = "job order" }]

[points]
interleave = 30
cost = 10

[limits]
test_seconds = 2
stage_seconds = 20

[stage.interleave]
concept = "lost wake-up"

[[cost]]
test = "JobQueue.Cost"
operation = "hand-over"
limits = { locks = 2, "wake-ups" = 1 }
concept = "busy waiting"
reason = "one lock each side"

[[mutant]]
name = "lifo"
mistake = "last in, first out"
caught_by = ["unit"]
concept = "job order"
)";

// A course's folder that lasts as long as one test.
class Manifest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "manifestXXXXXX";
    root_ = ::mkdtemp(name.data());
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& exercise, const std::string& text) {
    const fs::path folder = root_ / "exercises" / "01-parallel-workers" / exercise;
    fs::create_directories(folder);
    std::ofstream(folder / "exercise.toml") << text;
  }

  // `good` with `old` replaced, and the message it is rejected with.
  std::string rejected(const std::string& old, const std::string& replacement) {
    std::string text = good;
    text.replace(text.find(old), old.size(), replacement);
    write("job_queue", text);
    try {
      (void)load_course(root_);
    } catch (const ManifestError& error) {
      return error.what();
    }
    return "accepted";
  }

  fs::path root_;
};

TEST_F(Manifest, ReadsEverything) {
  write("job_queue", good);
  const Course course = load_course(root_);
  ASSERT_EQ(course.exercises.size(), 1U);
  const Exercise& exercise = course.exercises[0];
  EXPECT_EQ(exercise.name, "job_queue");
  EXPECT_EQ(exercise.lesson, "01-parallel-workers");
  EXPECT_EQ(exercise.steps[0].tests[0].concept_name, "job order");
  EXPECT_EQ(exercise.points_of(Stage::unit), 60);
  EXPECT_EQ(exercise.points_of(Stage::interleave), 30);
  EXPECT_EQ(exercise.points_of(Stage::tsan), 0);
  EXPECT_EQ(exercise.costs[0].limits.at("wake-ups"), 1);
  EXPECT_EQ(exercise.stage_concepts.at(Stage::interleave), "lost wake-up");
  EXPECT_EQ(exercise.mutants[0].caught_by, std::vector{Stage::unit});
}

TEST_F(Manifest, SuggestsTheKeyThatWasMeant) {
  EXPECT_EQ(
      rejected("title = \"first", "titel = \"first"),
      "exercises/01-parallel-workers/job_queue/exercise.toml:7: a [[step]] has no key "
      "`titel`; did you mean `title`?");
}

TEST_F(Manifest, RejectsAKeyThatNobodyReads) {
  EXPECT_EQ(
      rejected("interleave = 30", "interleave = 30\ninterleaves = 3"),
      "exercises/01-parallel-workers/job_queue/exercise.toml:13: [points] has no key "
      "`interleaves`; did you mean `interleave`?");
}

TEST_F(Manifest, RejectsPointsThatDoNotSumToAHundred) {
  EXPECT_NE(rejected("points = 60", "points = 61").find("gives 101 points"),
            std::string::npos);
}

TEST_F(Manifest, RejectsWhatIsNotToml) {
  const std::string message = rejected("id = \"1.1\"", "id = ");
  EXPECT_NE(message.find("exercise.toml:1: this is not TOML"), std::string::npos)
      << message;
}

TEST_F(Manifest, RejectsAStageThatDoesNotExist) {
  EXPECT_NE(rejected("[\"unit\"]", "[\"units\"]").find("did you mean `unit`?"),
            std::string::npos);
}

TEST_F(Manifest, RejectsAnIdOfAnotherLesson) {
  EXPECT_NE(rejected("id = \"1.1\"", "id = \"2.1\"").find("must be 1.1, 1.2"),
            std::string::npos);
}

TEST_F(Manifest, RejectsTwoHints) {
  EXPECT_NE(rejected("[\"a\", \"b\", \"c\"]", "[\"a\", \"b\"]").find(":4: `hints`"),
            std::string::npos);
}

TEST_F(Manifest, RejectsPointsForACostThatIsNotLimited) {
  const std::string message = rejected("[[cost]]", "[[costs]]");
  EXPECT_NE(message.find("did you mean"), std::string::npos) << message;
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
  EXPECT_EQ(steps_left(file), (std::map<int, int>{{2, 1}, {3, 3}}));
}

TEST(Nearest, KeepsQuietWhenNothingIsNear) {
  EXPECT_EQ(nearest("zebra", {"points", "title"}), "");
  EXPECT_EQ(nearest("ponits", {"points", "title"}), "points");
}

}  // namespace
}  // namespace course::grader
