#include "student/comparison.hpp"

#include <gtest/gtest.h>

#include "student/starter.hpp"
#include "student/tests/exercise_folder.hpp"

namespace course::student {
namespace {

TEST(Comparison, ShowsTheSolutionWithoutItsMarks) {
  const ExerciseFolder folder;
  restore_starter(folder.exercise);
  const std::string diff = comparison(folder.course.root(), folder.exercise, false);
  EXPECT_TRUE(
      diff.starts_with("--- your file  exercises/01-a/queue/queue.hpp\n"
                       "+++ solution   solutions/01-a/queue.hpp\n"))
      << diff;
  EXPECT_NE(diff.find("\n-  course::todo(1);\n"), std::string::npos);
  EXPECT_NE(diff.find("\n+  return 1;\n"), std::string::npos);
  EXPECT_EQ(diff.find("//>"), std::string::npos);
  EXPECT_EQ(diff.find('\x1b'), std::string::npos);
}

TEST(Comparison, ColoursWhenAsked) {
  const ExerciseFolder folder;
  EXPECT_NE(comparison(folder.course.root(), folder.exercise, true).find("\x1b["),
            std::string::npos);
}

TEST(Comparison, OfTheSolutionItselfIsEmpty) {
  const ExerciseFolder folder;
  write_file(folder.exercise.file,
             "#pragma once\n\n#include <mutex>\n\nint f() {\n  return 1;\n}\n");
  EXPECT_EQ(comparison(folder.course.root(), folder.exercise, false), "");
}

TEST(Comparison, MissingFileIsAnError) {
  const ExerciseFolder folder;
  std::filesystem::remove(folder.exercise.file);
  EXPECT_THROW((void)comparison(folder.course.root(), folder.exercise, false),
               std::runtime_error);
}

}  // namespace
}  // namespace course::student
