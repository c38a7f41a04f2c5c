#include "student/starter.hpp"

#include <gtest/gtest.h>

#include "student/tests/exercise_folder.hpp"

namespace course::student {
namespace {

TEST(Starter, ComesBackAndTheStudentsFileIsKept) {
  const ExerciseFolder folder;
  const Reset reset = restore_starter(folder.exercise);
  EXPECT_TRUE(reset.changed);
  EXPECT_EQ(reset.kept.filename(), "queue.mine-1.hpp");
  EXPECT_EQ(read_file(reset.kept), "mine\n");
  EXPECT_EQ(read_file(folder.exercise.file), ExerciseFolder::starter_text);
}

TEST(Starter, EarlierFilesAreNeverOverwritten) {
  const ExerciseFolder folder;
  restore_starter(folder.exercise);
  write_file(folder.exercise.file, "my second\n");
  EXPECT_EQ(restore_starter(folder.exercise).kept.filename(), "queue.mine-2.hpp");
  EXPECT_EQ(read_file(folder.exercise.file.parent_path() / "queue.mine-1.hpp"), "mine\n");
}

TEST(Starter, IsLeftAloneWhereItStillStands) {
  const ExerciseFolder folder;
  restore_starter(folder.exercise);
  const Reset again = restore_starter(folder.exercise);
  EXPECT_FALSE(again.changed);
  EXPECT_TRUE(again.kept.empty());
}

TEST(Starter, DeletedFileComesBack) {
  const ExerciseFolder folder;
  std::filesystem::remove(folder.exercise.file);
  EXPECT_TRUE(restore_starter(folder.exercise).changed);
  EXPECT_EQ(read_file(folder.exercise.file), ExerciseFolder::starter_text);
}

TEST(Starter, WithoutASolutionTheStudentsFileStays) {
  const ExerciseFolder folder;
  std::filesystem::remove(folder.exercise.solution);
  EXPECT_THROW(restore_starter(folder.exercise), Mistake);
  EXPECT_EQ(read_file(folder.exercise.file), "mine\n");
}

}  // namespace
}  // namespace course::student
