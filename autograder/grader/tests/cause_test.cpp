// Property: of all that the stages found one cause is printed, by what says most of it, and in no
// more than a terminal shows.
#include "grader/cause.hpp"

#include <gtest/gtest.h>

#include "catalogue/files.hpp"
#include "grader/wrapping.hpp"

namespace course::grader {
namespace {

Finding finding(const std::string& test, const std::string& concept_name) {
  Finding made;
  made.test = test;
  made.concept_name = concept_name;
  made.what = "it does not hold";
  return made;
}

StageResult failed(Stage stage, std::vector<Finding> findings) {
  StageResult result;
  result.stage = stage;
  result.verdict = Verdict::failed;
  result.findings = std::move(findings);
  return result;
}

class CauseTest : public testing::Test {
 protected:
  CauseTest() {
    exercise_.file = "queue.hpp";
    exercise_.steps = {{1, "one", 50, {{"Queue.First", "", 1, 0}}},
                       {2, "two", 50, {{"Queue.Second", "", 2, 0}}}};
  }

  [[nodiscard]] ExerciseResult result(std::vector<StageResult> stages) const {
    return {{&exercise_, "student"}, std::move(stages), {}};
  }

  Exercise exercise_;
};

TEST_F(CauseTest, IsAScheduleRatherThanATestThatHung) {
  Finding hung = finding("Queue.First", "backpressure");
  hung.hung = true;
  Finding seen = finding("Queue.Second", "lost wake-up");
  seen.brief = "1  wait";
  const ExerciseResult graded =
      result({failed(Stage::unit, {hung}), failed(Stage::interleave, {seen})});
  const auto cause = cause_of(graded);
  ASSERT_TRUE(cause.has_value());
  EXPECT_EQ(cause->finding->concept_name, "lost wake-up");
  EXPECT_EQ(cause->others, 1U);
}

TEST_F(CauseTest, IsOfTheFirstStepAmongEquals) {
  const ExerciseResult graded =
      result({failed(Stage::unit, {finding("Queue.Second", "second"),
                                   finding("Queue.First", "first")})});
  EXPECT_EQ(cause_of(graded)->finding->concept_name, "first");
}

TEST_F(CauseTest, IsWhatMostTestsSawOfItsLine) {
  const auto seen = [](const std::string& test, const std::string& concept_name,
                       int line) {
    Finding made = finding(test, concept_name);
    made.brief = "1  lock";
    made.file = "queue.hpp";
    made.line = line;
    return made;
  };
  std::vector<Finding> findings{
      seen("Queue.First", "misuse", 44), seen("Queue.Second", "lock order", 44),
      seen("Queue.Third", "atomicity", 9), seen("Queue.Fourth", "atomicity", 9),
      seen("Queue.Fifth", "atomicity", 9)};
  const auto concept_of = [&] {
    const ExerciseResult graded = result({failed(Stage::interleave, findings)});
    return cause_of(graded)->finding->concept_name;
  };
  EXPECT_EQ(concept_of(), "misuse");
  findings.push_back(seen("Queue.Sixth", "lock order", 44));
  EXPECT_EQ(concept_of(), "lock order");
}

TEST_F(CauseTest, StandsAtTheStudentsLineIfAnyStageKnowsIt) {
  Finding in_test = finding("Queue.First", "atomicity");
  in_test.brief = "1  lock";
  in_test.file = "queue_test.cpp";
  in_test.line = 7;
  Finding own = finding("Queue.First", "atomicity");
  own.file = "/somewhere/queue.hpp";
  own.line = 41;
  const ExerciseResult graded =
      result({failed(Stage::tsan, {own}), failed(Stage::interleave, {in_test})});
  const auto cause = cause_of(graded);
  EXPECT_EQ(cause->stage, Stage::interleave);
  EXPECT_EQ(cause->line, 41);
}

TEST_F(CauseTest, IsToldInLinesThatATerminalShows) {
  Finding long_one = finding("Queue.First", "atomicity");
  for (int word = 0; word < 60; ++word) long_one.what += " and on";
  for (int line = 0; line < 90; ++line) {
    long_one.brief += std::string(200, 'x') + "\n";
  }
  const ExerciseResult graded = result({failed(Stage::interleave, {long_one})});
  const std::vector<std::string> lines = lines_of(told(*cause_of(graded)));
  EXPECT_LE(lines.size(), 27U);
  for (const std::string& line : lines)
    EXPECT_LE(columns_of(line), columns_shown) << line;
}

TEST_F(CauseTest, IsNoneWhereAllHolds) {
  StageResult passed;
  passed.verdict = Verdict::passed;
  EXPECT_FALSE(cause_of(result({passed})).has_value());
}

TEST(Wrapping, BreaksBetweenWordsAndCountsCharacters) {
  EXPECT_EQ(columns_of("…ab"), 3U);
  const std::string text = wrapped("one two three", 70);
  EXPECT_EQ(text, std::string(70, ' ') + "one two\n" + std::string(70, ' ') + "three\n");
  EXPECT_EQ(folded(std::string(90, 'x'), 4)[0], "    " + std::string(75, 'x') + "…");
}

}  // namespace
}  // namespace course::grader
