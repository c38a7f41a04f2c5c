#include "author/inventory.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "author/scaffold.hpp"
#include "author/tests/course_folder.hpp"

namespace course::author {
namespace {

namespace fs = std::filesystem;
using Messages = std::vector<std::string>;

const std::string manifest = "exercises/16-work-sharing/shared_sum/exercise.toml";
const std::string concepts = "lessons/before/concepts.toml";

// A scaffolded lesson, in which nothing is missing.
class InventoryTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(course_.root() / "autograder" / "author");
    fs::create_directory_symlink(
        fs::path(COURSE_SOURCE_FOLDER) / "autograder/author/templates",
        course_.root() / "autograder/author/templates");
    scaffold_lesson(course_.root(), "16-work-sharing");
    scaffold_exercise(course_.root(), "16", "shared_sum");
    course_.add("lessons/before/README.md", "# A\n\n## Data race\n\n## Contention\n");
    course_.add(concepts,
                "[\"data race\"]\nmeans = \"x\"\n[contention]\nmeans = \"x\"\n");
  }

  Messages missing() {
    const Course course = load_course(course_.root());
    return missing_parts(course, course.exercises.front());
  }

  // But for what an author is still to write, and to measure.
  Messages stale() {
    Messages messages = stale_texts(course_.root());
    std::erase_if(messages, [](const std::string& message) {
      return message.find("still to be written: ") != message.npos ||
             message.find("demo.txt: is missing") != message.npos;
    });
    return messages;
  }

  void replace(const std::string& file, const std::string& old, const std::string& with) {
    std::string text = course_.text(file);
    ASSERT_NE(text.find(old), std::string::npos);
    text.replace(text.find(old), old.size(), with);
    course_.add(file, text);
  }

  CourseFolder course_;
};

TEST_F(InventoryTest, ScaffoldLacksNothing) {
  EXPECT_EQ(missing(), Messages{});
  EXPECT_EQ(stale(), Messages{});
}

TEST_F(InventoryTest, UnknownConceptIsNamedWhereItStands) {
  const std::string place =
      "autograder/mutants/16-work-sharing/shared_sum/without_a_lock.diff:3: no lesson "
      "has the concept \"data race\"; ";
  course_.add(concepts, "[\"data racer\"]\nmeans = \"x\"\n[contention]\nmeans = \"x\"\n");
  EXPECT_EQ(missing(), Messages{place + "did you mean `data racer`?"});
  course_.add(concepts, "[contention]\nmeans = \"x\"\n");
  EXPECT_EQ(missing(),
            Messages{place + "declare it in lessons/16-work-sharing/concepts.toml, and "
                             "explain it in the README.md beside it"});
}

TEST_F(InventoryTest, ExerciseWithoutAMutantIsTold) {
  fs::remove_all(course_.root() / "autograder/mutants/16-work-sharing/shared_sum");
  EXPECT_EQ(missing(),
            Messages{manifest + ": has no mutant; put a diff into "
                                "autograder/mutants/16-work-sharing/shared_sum/"});
}

TEST_F(InventoryTest, EmptyHintAndMissingFileAreTold) {
  replace(manifest, "\"A nudge: which value do two threads share?\"", "\" \"");
  fs::remove(course_.root() / "solutions/16-work-sharing/README.md");
  EXPECT_EQ(missing(), (Messages{"solutions/16-work-sharing/README.md: is missing; "
                                 "autograder/author/templates has an example",
                                 manifest + ": a hint is empty"}));
}

TEST_F(InventoryTest, StaleStarterAndTextNameWhatFixesThem) {
  replace("exercises/16-work-sharing/shared_sum/shared_sum.hpp", "// TODO 1",
          "// TODO one");
  replace("lessons/16-work-sharing/work_sharing.hpp", "class WorkSharing",
          "class  WorkSharing");
  const Messages messages = stale();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_TRUE(messages[0].ends_with("run `autograder/course author starters`"))
      << messages[0];
  EXPECT_TRUE(messages[1].ends_with("run `autograder/course author weave`"))
      << messages[1];
}

}  // namespace
}  // namespace course::author
