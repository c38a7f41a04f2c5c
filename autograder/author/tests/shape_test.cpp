#include "author/shape.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "author/scaffold.hpp"
#include "author/tests/course_folder.hpp"
#include "catalogue/lesson.hpp"

namespace course::author {
namespace {

namespace fs = std::filesystem;
using Messages = std::vector<std::string>;

const fs::path source = COURSE_SOURCE_FOLDER;

// The templates are held against all lessons that are finished: what they do not have is no
// part of the shape.
TEST(Shape, EveryLessonHasTheTemplatesFilesAndSections) {
  for (const fs::path& lesson : lesson_folders(source / "lessons")) {
    EXPECT_EQ(lacks_of_lesson(source, lesson.filename()), Messages{});
  }
  const Course course = load_course(source);
  ASSERT_FALSE(course.exercises.empty());
  for (const auto& exercise : course.exercises) {
    EXPECT_EQ(lacks_of_exercise(source, exercise), Messages{});
  }
}

TEST(Shape, NothingIsLeftToWriteInAFinishedLesson) {
  EXPECT_EQ(left_to_write(source), Messages{});
}

// A scaffolded lesson with an exercise, which has the shape.
class ShapeTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(course_.root() / "autograder/author");
    fs::create_directory_symlink(source / "autograder/author/templates",
                                 course_.root() / "autograder/author/templates");
    scaffold_lesson(course_.root(), "16-work-sharing");
    scaffold_exercise(course_.root(), "16", "shared_sum");
  }

  Messages lacks() {
    Messages all = lacks_of_lesson(course_.root(), "16-work-sharing");
    const auto exercise = load_exercise(
        course_.root(),
        course_.root() / "exercises/16-work-sharing/shared_sum/exercise.toml");
    const Messages more = lacks_of_exercise(course_.root(), exercise);
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  void replace(const std::string& file, const std::string& old, const std::string& with) {
    std::string text = course_.text(file);
    ASSERT_NE(text.find(old), std::string::npos);
    course_.add(file, text.replace(text.find(old), old.size(), with));
  }

  CourseFolder course_;
};

TEST_F(ShapeTest, ALessonMayHaveMore) {
  course_.add("lessons/16-work-sharing/more.hpp", "");
  replace("lessons/16-work-sharing/README.md", "## The experiments",
          "## The words for order\n\n## The experiments");
  EXPECT_EQ(lacks(), Messages{});
}

TEST_F(ShapeTest, ASectionThatIsMissingIsNamedWithItsPlace) {
  replace("lessons/16-work-sharing/README.md", "## Where you meet it\n", "");
  EXPECT_EQ(lacks(),
            Messages{"lessons/16-work-sharing/README.md: lacks `## Where you meet "
                     "it` after `## When to use it`, which every lesson has"});
}

TEST_F(ShapeTest, AnExerciseThatNoTextTellsOfIsNamed) {
  replace("solutions/16-work-sharing/README.md", "## 16.1 `shared_sum`", "## Other");
  replace("exercises/16-work-sharing/README.md", "weave steps shared_sum", "weave");
  EXPECT_EQ(
      lacks(),
      (Messages{"exercises/16-work-sharing/README.md: lacks `<!-- weave steps "
                "shared_sum -->` after `## 16.1 `shared_sum``, which every lesson has",
                "solutions/16-work-sharing/README.md: lacks `## 16.1 `shared_sum``, "
                "which every lesson has"}));
}

TEST_F(ShapeTest, AFileThatIsMissingIsNamed) {
  fs::remove(course_.root() / "bench/16-work-sharing/shared_sum_gate.cpp");
  EXPECT_EQ(lacks(), Messages{"bench/16-work-sharing/shared_sum_gate.cpp: is missing; "
                              "autograder/author/templates has an example"});
}

// Each of a new exercise's files but those that are generated.
TEST_F(ShapeTest, EveryPlaceThatAnAuthorFillsIsNamed) {
  const Messages left = left_to_write(course_.root());
  for (const std::string file :
       {"lessons/16-work-sharing/README.md", "lessons/16-work-sharing/concepts.toml",
        "lessons/16-work-sharing/demo.cpp", "lessons/16-work-sharing/work_sharing.hpp",
        "lessons/16-work-sharing/work_sharing_test.cpp",
        "bench/16-work-sharing/work_sharing_bench.cpp",
        "exercises/16-work-sharing/README.md", "solutions/16-work-sharing/README.md",
        "exercises/16-work-sharing/shared_sum/exercise.toml",
        "exercises/16-work-sharing/shared_sum/shared_sum_test.cpp",
        "solutions/16-work-sharing/shared_sum.hpp",
        "bench/16-work-sharing/shared_sum_gate.cpp",
        "autograder/mutants/16-work-sharing/shared_sum/without_a_lock.diff"}) {
    EXPECT_TRUE(std::any_of(left.begin(), left.end(), [&](const std::string& place) {
      return place.starts_with(file + ":");
    })) << file;
  }
}

}  // namespace
}  // namespace course::author
