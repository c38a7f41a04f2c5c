#include "author/scaffold.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "author/links.hpp"
#include "author/starters.hpp"
#include "author/tests/course_folder.hpp"
#include "catalogue/manifest.hpp"
#include "process/process.hpp"

namespace course::author {
namespace {

namespace fs = std::filesystem;

// A course without lessons: the project's own build and harness, seen through links.
class ScaffoldTest : public testing::Test {
 protected:
  void SetUp() override {
    const fs::path source = COURSE_SOURCE_FOLDER;
    fs::copy_file(source / "CMakeLists.txt", root() / "CMakeLists.txt");
    fs::create_directory(root() / "autograder");
    for (const auto& entry : fs::directory_iterator(source / "autograder")) {
      const std::string name = entry.path().filename().string();
      if (name != "mutants")
        fs::create_symlink(entry.path(), root() / "autograder" / name);
    }
  }

  const fs::path& root() const { return course_.root(); }

  std::string refusal(const std::string& lesson, const std::string& exercise = "") {
    try {
      exercise.empty() ? scaffold_lesson(root(), lesson)
                       : scaffold_exercise(root(), lesson, exercise);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  }

  process::Outcome run(std::vector<std::string> words) {
    process::Command command;
    command.words = std::move(words);
    command.folder = root();
    command.seconds = 300;
    return process::run(command);
  }

  CourseFolder course_;
};

TEST_F(ScaffoldTest, LessonHasItsPlaceInAllFourTrees) {
  scaffold_lesson(root(), "16-work-sharing");
  for (const std::string file :
       {"lessons/16-work-sharing/work_sharing.hpp", "lessons/16-work-sharing/demo.cpp",
        "exercises/16-work-sharing/README.md", "solutions/16-work-sharing/README.md",
        "bench/16-work-sharing/work_sharing_bench.cpp"}) {
    EXPECT_TRUE(fs::exists(root() / file)) << file;
  }
  EXPECT_NE(course_.text("lessons/16-work-sharing/README.md").find("class WorkSharing {"),
            std::string::npos);
  EXPECT_TRUE(broken_links(root()).empty());
}

TEST_F(ScaffoldTest, ExerciseIsDeclaredWithItsStarterAndTheNextId) {
  scaffold_lesson(root(), "16-work-sharing");
  scaffold_exercise(root(), "16", "shared_sum");
  scaffold_exercise(root(), "16-work-sharing", "other_sum");
  EXPECT_EQ(course_.text("lessons/16-work-sharing/CMakeLists.txt"),
            "course_lesson()\ncourse_exercise(shared_sum)\ncourse_exercise(other_sum)\n");
  EXPECT_TRUE(stale_starters(root()).empty());
  const Exercise second =
      load_exercise(root(), root() / "exercises/16-work-sharing/other_sum/exercise.toml");
  EXPECT_EQ(second.id, "16.2");
  EXPECT_EQ(second.steps.front().tests.back().name, "OtherSum.CostOfAnAddition");
  EXPECT_EQ(second.mutants.front().tests.front(), "OtherSum.NothingIsLost");
}

TEST_F(ScaffoldTest, NoPlaceholderIsLeft) {
  scaffold_lesson(root(), "16-work-sharing");
  scaffold_exercise(root(), "16", "shared_sum");
  for (const std::string folder :
       {"lessons", "exercises", "solutions", "bench", "autograder/mutants"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root() / folder)) {
      EXPECT_EQ(entry.path().string().find('@'), std::string::npos) << entry.path();
      if (!entry.is_regular_file() || entry.path().extension() == ".diff") continue;
      EXPECT_EQ(read_file(entry.path()).find('@'), std::string::npos) << entry.path();
    }
  }
}

TEST_F(ScaffoldTest, NamesThatCannotBeAreRefused) {
  scaffold_lesson(root(), "16-work-sharing");
  scaffold_exercise(root(), "16", "shared_sum");
  EXPECT_NE(refusal("work").find("names no lesson"), std::string::npos);
  EXPECT_NE(refusal("16-other").find("is lessons/16-work-sharing already"),
            std::string::npos);
  EXPECT_NE(refusal("17", "x").find("there is no lesson 17"), std::string::npos);
  EXPECT_NE(refusal("16", "SharedSum").find("names no exercise"), std::string::npos);
  EXPECT_NE(refusal("16", "shared_sum").find("already"), std::string::npos);
}

TEST_F(ScaffoldTest, NothingIsWrittenOverAFileThatIsThere) {
  scaffold_lesson(root(), "16-work-sharing");
  course_.add("bench/16-work-sharing/shared_sum_gate.cpp", "mine\n");
  EXPECT_NE(refusal("16", "shared_sum").find("nothing was written"), std::string::npos);
  EXPECT_EQ(course_.text("bench/16-work-sharing/shared_sum_gate.cpp"), "mine\n");
  EXPECT_FALSE(fs::exists(root() / "solutions/16-work-sharing/shared_sum.hpp"));
}

TEST_F(ScaffoldTest, EverythingIsFormatted) {
  if (process::find_program("clang-format").empty())
    GTEST_SKIP() << "clang-format is not installed";
  fs::copy_file(fs::path(COURSE_SOURCE_FOLDER) / ".clang-format",
                root() / ".clang-format");
  std::vector<fs::path> files = scaffold_lesson(root(), "16-work-sharing");
  const auto more = scaffold_exercise(root(), "16", "shared_sum");
  files.insert(files.end(), more.begin(), more.end());
  std::vector<std::string> words{"clang-format", "--dry-run", "--Werror"};
  for (const fs::path& file : files) {
    if (file.extension() == ".hpp" || file.extension() == ".cpp")
      words.push_back(file.string());
  }
  const auto outcome = run(words);
  EXPECT_TRUE(outcome.exited_with(0)) << outcome.output;
}

// Property: what the scaffold writes builds without a warning; its starter is not started,
// its solution passes, and its mutant's diff applies.
TEST_F(ScaffoldTest, ItBuildsAndIsNotStarted) {
  scaffold_lesson(root(), "16-work-sharing");
  scaffold_exercise(root(), "16", "shared_sum");
  const std::string tree = (root() / ".build").string();
  const auto configured = run({"cmake", "-G", "Ninja", "-S", root().string(), "-B", tree,
                               "-DCOURSE_STAGE=asan", "-DCOURSE_WARNINGS_AS_ERRORS=ON"});
  ASSERT_TRUE(configured.exited_with(0)) << configured.output;
  const auto built =
      run({"cmake", "--build", tree, "-j2", "--target", "lesson-16-test",
           "shared_sum-student", "shared_sum-solution", "shared_sum-without_a_lock"});
  ASSERT_TRUE(built.exited_with(0)) << built.output;
  EXPECT_TRUE(run({tree + "/graded/shared_sum-student"}).exited_with(75));
  EXPECT_TRUE(run({tree + "/graded/shared_sum-solution"}).exited_with(0));
}

}  // namespace
}  // namespace course::author
