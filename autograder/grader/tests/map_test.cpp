#include "grader/map.hpp"

#include <gtest/gtest.h>

#include "catalogue/files.hpp"
#include "grader/what_next.hpp"
#include "grader/wrapping.hpp"

namespace course::grader {
namespace {

class MapTest : public testing::Test {
 protected:
  void SetUp() override {
    course_.root = "/course";
    for (const char* id : {"1.1", "1.2", "2.1"}) {
      Exercise exercise;
      exercise.id = id;
      exercise.name = "queue";
      exercise.title = "A queue";
      exercise.lesson = id[0] == '1' ? "01-parallel-workers" : "02-shared-state";
      exercise.file = "/course/exercises/" + exercise.lesson + "/queue/queue.hpp";
      course_.exercises.push_back(exercise);
    }
    states_ = fresh_states_of(course_);
  }

  Course course_;
  std::vector<State> states_;
};

TEST_F(MapTest, ShowsEachExerciseUnderItsLesson) {
  states_[0] = {&course_.exercises[0], "passed", {85, 85, 15}, true, true};
  EXPECT_EQ(map_of(states_, false),
            "\n1  parallel workers\n"
            "  1.1  queue               passed       85/85  A queue\n"
            "       changed since graded\n"
            "  1.2  queue               not started   0/100 A queue\n"
            "\n2  shared state\n"
            "  2.1  queue               not started   0/100 A queue\n");
}

// Of a terminal, whatever the titles and the speeds are.
TEST_F(MapTest, IsNoWiderThan80Columns) {
  course_.exercises[0].title = "A title that is longer than what is left of the line is";
  course_.exercises[1].title = "";
  states_[0] = {&course_.exercises[0], "passed", {100, 100, 0}, true, false};
  states_[2] = {&course_.exercises[2],
                "passed",
                {100, 100, 0},
                false,
                true,
                "2026-11-28",
                "push: as fast as the reference; pop: 1.2 times as fast as the reference; "
                "scaling from 1 to 2 threads: 0.98 of the reference"};
  const std::string map = map_of(states_, true);
  EXPECT_NE(map.find("100/100 A title that is longer than what…\n"), std::string::npos) << map;
  EXPECT_NE(map_of({states_[0]}, false)
                .find("100/100 A title that is longer than what\n" +
                      std::string(47, ' ') + "is left of the line is\n"),
            std::string::npos);
  EXPECT_NE(map.find("0.98 of the"), std::string::npos) << map;
  for (std::string line : course::lines_of(map)) {
    for (const char* colour : {"\033[32m", "\033[2m", "\033[0m"}) {
      if (const auto at = line.find(colour); at != line.npos)
        line.erase(at, std::string(colour).size());
    }
    EXPECT_LE(columns_of(line), columns_shown) << line;
  }
}

TEST_F(MapTest, SaysHowManyThereAreWhereItShowsTheFirst) {
  EXPECT_EQ(map_of(states_, false, 1),
            "\n1  parallel workers\n"
            "  1.1  queue               not started   0/100 A queue\n"
            "  1.2  queue               not started   0/100 A queue\n"
            "\n…  2 lessons and 3 exercises in all\n");
  EXPECT_EQ(map_of(states_, false, 2), map_of(states_, false));
}

TEST_F(MapTest, NextIsTheFirstThatIsNotDone) {
  states_[0].done = true;
  EXPECT_EQ(what_next(course_, states_),
            "read lessons/01-parallel-workers/README.md, open "
            "exercises/01-parallel-workers/queue/queue.hpp, then autograder/course grade "
            "1.2");
}

TEST_F(MapTest, EndsWithOneLineThatCanBeCopied) {
  const std::string ending = ending_of(next_of(course_, states_));
  EXPECT_EQ(ending.substr(ending.rfind("\n", ending.size() - 2) + 1),
            "next: autograder/course grade 1.1\n");
  states_[0].name = "failed";
  EXPECT_EQ(ending_of(next_of(course_, states_)),
            "first: open exercises/01-parallel-workers/queue/queue.hpp\n"
            "next: autograder/course grade 1.1\n");
}

TEST_F(MapTest, ShowsOneLessonAlone) {
  const auto second = states_in(states_, "02-shared-state");
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].exercise->id, "2.1");
}

TEST_F(MapTest, ShowsWhenAnExerciseWasFinishedAndHowFastItIs) {
  states_[2] = {
      &course_.exercises[2],           "passed", {100, 100, 0}, false, true, "2026-11-28",
      "push: as fast as the reference"};
  EXPECT_EQ(map_of(states_in(states_, "02-shared-state"), false),
            "\n2  shared state\n"
            "  2.1  queue               passed      100/100 A queue\n"
            "       2026-11-28; push: as fast as the reference\n");
}

}  // namespace
}  // namespace course::grader
