#include "grader/reports.hpp"

#include <gtest/gtest.h>

namespace course::grader {
namespace {

// One exercise with a step that is kept, one that is lost, and a gate that could not tell.
class Reports : public testing::Test {
 protected:
  void SetUp() override {
    exercise_.id = "1.1";
    exercise_.name = "queue";
    ExerciseResult result;
    result.subject = {&exercise_, "student"};
    using Kind = Promise::Kind;
    result.promises = {{Kind::step, 1, "in order", Verdict::passed, 50},
                       {Kind::step, 2, "sleeps", Verdict::failed, 35},
                       {Kind::gate, 0, "Speed", Verdict::inconclusive, 15}};
    results_.push_back(result);
  }

  Exercise exercise_;
  std::vector<ExerciseResult> results_;
};

TEST_F(Reports, JsonHasThePointsOfEachPromiseAndOfAll) {
  const nlohmann::json all = json_of({}, results_, 1);
  const nlohmann::json& one = all["exercises"][0];
  for (const nlohmann::json& sum : {all, one}) {
    EXPECT_EQ(sum["points"], 50);
    EXPECT_EQ(sum["of"], 85);
    EXPECT_EQ(sum["not_measured"], 15);
  }
  EXPECT_EQ(one["promises"][1]["number"], 2);
  EXPECT_EQ(one["promises"][1]["verdict"], "failed");
  EXPECT_EQ(one["promises"][1]["points"], 0);
  EXPECT_EQ(one["promises"][1]["of"], 35);
  EXPECT_EQ(one["promises"][2]["kind"], "gate");
  EXPECT_EQ(one["promises"][2]["measured"], false);
}

// Without --of a mutant's or the solution's token would be replayed in the student's program.
TEST_F(Reports, JsonSaysHowToReplayAScheduleOfEachVariant) {
  StageResult stage;
  stage.findings.resize(2);
  stage.findings[0].token = "Queue.Pop@1@weak@pct3@1.1@00000000";
  stage.findings[1].again = "COURSE_SEED=1 queue-student --gtest_filter=Queue.Pop";
  results_.front().stages = {stage};
  const auto again = [&](const char* variant, std::size_t finding) {
    results_.front().subject.variant = variant;
    const nlohmann::json all = json_of({}, results_, 1);
    return all["exercises"][0]["stages"][0]["findings"][finding]["again"];
  };
  const std::string replay = "autograder/course replay " + stage.findings[0].token;
  EXPECT_EQ(again("student", 0), replay);
  EXPECT_EQ(again("solution", 0), replay + " --of solution");
  EXPECT_EQ(again("if_for_while", 0), replay + " --of if_for_while");
  EXPECT_EQ(again("if_for_while", 1), stage.findings[1].again);
}

TEST_F(Reports, JUnitHasThemAsProperties) {
  const std::string xml = junit_of(results_);
  for (const std::string property :
       {R"(name="points" value="50")", R"(name="of" value="85")",
        R"(name="not measured" value="15")", R"(name="step 1: in order" value="50/50")",
        R"(name="step 2: sleeps" value="0/35")",
        R"(name="gate: Speed" value="not measured")"}) {
    EXPECT_NE(xml.find(property), std::string::npos) << property << "\n" << xml;
  }
}

}  // namespace
}  // namespace course::grader
