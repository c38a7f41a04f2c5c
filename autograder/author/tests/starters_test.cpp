#include "author/starters.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "author/tests/course_folder.hpp"

namespace course::author {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view solution = R"(// A queue.
#pragma once

#include <mutex>
#include <vector>

#include "a/first.hpp"
#include "z/last.hpp"

namespace course {

//> hide
// Why it is so.
//<

class Queue {
 public:
  // Appends `value`.
  void push(int value, int priority) {
    //> step 1(value, priority): append it
    values_.push_back(value + priority);
    //<
  }

  //> region size
  int size() const {
    //> step 2(): say how many there are
    return static_cast<int>(values_.size());
    //<
  }
  //<

 private:
  std::vector<int> values_;

  //> hide
  std::mutex mutex_;
  //<
};

}  // namespace course
)";

constexpr std::string_view starter = R"(// A queue.
#pragma once

#include <mutex>
#include <vector>

#include "a/first.hpp"
#include "course/todo.hpp"
#include "z/last.hpp"

namespace course {

class Queue {
 public:
  // Appends `value`.
  void push(int value, int priority) {
    // TODO 1: append it
    course::todo(1, value, priority);
  }

  int size() const {
    // TODO 2: say how many there are
    course::todo(2);
  }

 private:
  std::vector<int> values_;
};

}  // namespace course
)";

std::string starter_from(std::string_view text) {
  return starter_of(read_marks("queue.hpp", text));
}

TEST(Starters, StepsBecomeTodosAndHiddenPartsVanish) {
  EXPECT_EQ(starter_from(solution), starter);
}

TEST(Starters, TodoIsIncludedAfterTheSystemsHeaders) {
  EXPECT_EQ(
      starter_from("#pragma once\n\n#include <mutex>\n\n//> step 1(): x\n//<\n"),
      "#pragma once\n\n#include <mutex>\n\n#include \"course/todo.hpp\"\n\n// TODO 1: x\n"
      "course::todo(1);\n");
}

TEST(Starters, TodoIsIncludedWhereThereWasNoInclude) {
  EXPECT_EQ(
      starter_from("#pragma once\n\n//> step 1(): x\n//<\n"),
      "#pragma once\n\n#include \"course/todo.hpp\"\n\n// TODO 1: x\ncourse::todo(1);\n");
}

TEST(Starters, ManyArgumentsAreBrokenAsClangFormatBreaksThem) {
  const std::string long_name(40, 'a');
  const std::string text = starter_from("#pragma once\n  //> step 1(" + long_name + ", " +
                                        long_name + "): x\n  //<\n");
  EXPECT_NE(text.find("  course::todo(1, " + long_name + ",\n               " +
                      long_name + ");\n"),
            std::string::npos);
}

TEST(Starters, ArgumentThatFitsNoLineIsAMistake) {
  EXPECT_THROW((void)starter_from("#pragma once\n//> step 1(" + std::string(90, 'a') +
                                  "): x\n//<\n"),
               Mistake);
}

TEST(Starters, SolutionWithoutAStepIsAMistake) {
  EXPECT_THROW((void)starter_from("#pragma once\n"), Mistake);
}

// Property: what clang-format leaves alone in the solution, it leaves alone in the
// starter.
TEST(Starters, StarterIsFormattedIfTheSolutionIs) {
  if (std::system("clang-format --version > /dev/null 2>&1") != 0) {
    GTEST_SKIP() << "clang-format is not installed";
  }
  const CourseFolder course;
  fs::copy_file(fs::path(COURSE_SOURCE_FOLDER) / ".clang-format",
                course.root() / ".clang-format");
  for (const auto text : {solution, starter}) {
    write_file(course.root() / "queue.hpp", text);
    const std::string command = "clang-format --dry-run --Werror --style=file " +
                                (course.root() / "queue.hpp").string();
    EXPECT_EQ(std::system(command.c_str()), 0);
  }
}

class StarterFiles : public testing::Test {
 protected:
  void SetUp() override { course_.add("solutions/01-lesson/queue.hpp", solution); }

  void write_all() {
    for (const Stale& stale : stale_starters(course_.root())) {
      kept_ = write_starter(course_.root(), stale).kept;
    }
  }

  CourseFolder course_;
  fs::path kept_;
  const std::string file_ = "exercises/01-lesson/queue/queue.hpp";
};

TEST_F(StarterFiles, MissingStarterIsStaleUntilWritten) {
  ASSERT_EQ(stale_starters(course_.root()).size(), 1U);
  EXPECT_EQ(stale_starters(course_.root())[0].line, 0U);
  write_all();
  EXPECT_EQ(course_.text(file_), starter);
  EXPECT_TRUE(stale_starters(course_.root()).empty());
}

TEST_F(StarterFiles, TheFirstLineThatDiffersIsNamed) {
  std::string changed(starter);
  changed.replace(changed.find("int size"), 3, "long");
  course_.add(file_, changed);
  ASSERT_EQ(stale_starters(course_.root()).size(), 1U);
  EXPECT_EQ(stale_starters(course_.root())[0].line, 21U);
}

TEST_F(StarterFiles, OwnStarterIsReplacedWithoutACopy) {
  write_all();
  std::string changed(solution);
  changed.replace(changed.find("append it"), 9, "add it");
  course_.add("solutions/01-lesson/queue.hpp", changed);
  write_all();
  EXPECT_TRUE(kept_.empty());
  EXPECT_NE(course_.text(file_).find("// TODO 1: add it"), std::string::npos);
}

TEST_F(StarterFiles, SomebodysAnswerIsKeptBesideAndNeverOverwritten) {
  course_.add(file_, "my answer\n");
  course_.add("exercises/01-lesson/queue/queue.mine-1.hpp", "an older answer\n");
  write_all();
  EXPECT_EQ(kept_.filename(), "queue.mine-2.hpp");
  EXPECT_EQ(read_file(kept_), "my answer\n");
  EXPECT_EQ(course_.text("exercises/01-lesson/queue/queue.mine-1.hpp"),
            "an older answer\n");
  EXPECT_EQ(course_.text(file_), starter);
}

}  // namespace
}  // namespace course::author
