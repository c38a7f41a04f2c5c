#include "catalogue/lesson.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "catalogue/manifest.hpp"

namespace course {
namespace {

namespace fs = std::filesystem;

class Lessons : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name :
         {"02-shared-state", "01-parallel-workers", "notes", "3-short"}) {
      fs::create_directories(root_ / "lessons" / name);
    }
  }
  void TearDown() override { fs::remove_all(root_); }

  const fs::path root_ =
      fs::temp_directory_path() / ("lesson-test-" + std::to_string(::getpid()));
};

TEST_F(Lessons, AreTheNumberedFoldersInOrder) {
  const auto lessons = lessons_in(root_);
  ASSERT_EQ(lessons.size(), 2u);
  EXPECT_EQ(lessons[0].heading(), "1 parallel workers");
  EXPECT_EQ(lessons[0].demo(), "lesson-01-demo");
  EXPECT_EQ(lessons[1].bench(), "lesson-02-bench");
}

TEST_F(Lessons, AnswerToNumberAndName) {
  for (const char* word : {"1", "01", "parallel-workers", "01-parallel-workers"}) {
    EXPECT_EQ(find_lesson(root_, word).number, "01") << word;
  }
}

TEST_F(Lessons, AreNamedWhenOneIsNotFound) {
  try {
    (void)find_lesson(root_, "7");
    FAIL() << "there is no lesson 7";
  } catch (const UnknownId& unknown) {
    EXPECT_NE(std::string(unknown.what()).find("2 shared-state"), std::string::npos);
  }
}

TEST_F(Lessons, MayBeNone) {
  fs::remove_all(root_ / "lessons");
  EXPECT_TRUE(lessons_in(root_).empty());
  EXPECT_THROW((void)find_lesson(root_, "1"), UnknownId);
}

}  // namespace
}  // namespace course
