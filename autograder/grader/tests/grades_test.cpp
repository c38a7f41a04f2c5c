// Property: the schedule that a grading showed is found again by its exercise, the student's and
// the solution's apart.
#include "grader/grades.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "catalogue/files.hpp"

namespace course::grader {
namespace {

namespace fs = std::filesystem;

class Grades : public testing::Test {
 protected:
  Grades() {
    course_.root = testing::TempDir() + "grades_test_" + std::to_string(::getpid());
    exercise_.name = "queue";
    exercise_.file = course_.root / "queue.hpp";
    write_file(exercise_.file, "// written\n");
  }
  ~Grades() override { fs::remove_all(course_.root); }

  void grade(const std::string& variant, const std::string& token) {
    StageResult stage;
    stage.verdict = Verdict::failed;
    Finding finding;
    finding.token = token;
    stage.findings.push_back(finding);
    remember(course_, {{&exercise_, variant}, {stage}, {}});
  }

  Course course_;
  Exercise exercise_;
};

TEST_F(Grades, KeepTheSolutionsTokenApartFromTheStudents) {
  EXPECT_EQ(remembered_token(course_, exercise_, "student"), "");
  grade("solution", "of the solution");
  EXPECT_FALSE(remembered(course_, exercise_).has_value());
  EXPECT_EQ(remembered_token(course_, exercise_, "student"), "");
  grade("student", "of the student");
  EXPECT_EQ(remembered_token(course_, exercise_, "student"), "of the student");
  EXPECT_EQ(remembered_token(course_, exercise_, "solution"), "of the solution");
}

TEST_F(Grades, TakeWhatCannotBeReadForNone) {
  grade("student", "a token");
  for (const char* damaged : {"", "[]", "{\"token\": 3}", "{\"token\""}) {
    write_file(course_.root / ".course/grades/queue.json", damaged);
    EXPECT_EQ(remembered_token(course_, exercise_, "student"), "") << damaged;
    EXPECT_FALSE(remembered(course_, exercise_).has_value()) << damaged;
  }
}

}  // namespace
}  // namespace course::grader
