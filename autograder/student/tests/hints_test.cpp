#include "student/hints.hpp"

#include <gtest/gtest.h>

#include "student/tests/exercise_folder.hpp"

namespace course::student {
namespace {

TEST(Hints, AreShownOneAtATimeAndRemembered) {
  const ExerciseFolder folder;
  const auto& root = folder.course.root();
  EXPECT_EQ(hints_shown(root, folder.exercise), 0U);
  EXPECT_EQ(show_another_hint(root, folder.exercise), 1U);
  EXPECT_EQ(show_another_hint(root, folder.exercise), 2U);
  EXPECT_EQ(hints_shown(root, folder.exercise), 2U);
}

TEST(Hints, StopAtTheLast) {
  const ExerciseFolder folder;
  for (int i = 0; i < 5; ++i) show_another_hint(folder.course.root(), folder.exercise);
  EXPECT_EQ(hints_shown(folder.course.root(), folder.exercise), 3U);
}

TEST(Hints, ExercisesAreCountedApart) {
  ExerciseFolder folder;
  show_another_hint(folder.course.root(), folder.exercise);
  folder.exercise.name = "ring";
  EXPECT_EQ(hints_shown(folder.course.root(), folder.exercise), 0U);
}

TEST(Hints, SpoiltMemoryStartsAgain) {
  ExerciseFolder folder;
  folder.course.add(".course/hints.json", "{\"queue\": ");
  EXPECT_EQ(show_another_hint(folder.course.root(), folder.exercise), 1U);
  folder.course.add(".course/hints.json", "{\"queue\": -4}");
  EXPECT_EQ(hints_shown(folder.course.root(), folder.exercise), 0U);
}

}  // namespace
}  // namespace course::student
