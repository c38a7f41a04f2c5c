#include "experiments/demo.hpp"

#include <gtest/gtest.h>

#include "catalogue/manifest.hpp"

namespace course::experiments {
namespace {

const std::vector<Experiment> three{{"P1", "measured", "A leader hands out jobs"},
                                    {"P8", "explored", "Order is not determined"},
                                    {"P3", "measured", "Adding workers adds speed"}};

std::string claims_of(const std::vector<Experiment>& experiments) {
  std::string claims;
  for (const Experiment& experiment : experiments) claims += experiment.claim + " ";
  return claims;
}

TEST(DemoList, IsReadInTheSourcesOrder) {
  const auto experiments = parse_list("P3\tmeasured\tSpeed\nP8\texplored\tOrder\n");
  ASSERT_EQ(experiments.size(), 2u);
  EXPECT_EQ(experiments[0].claim, "P3");
  EXPECT_EQ(experiments[0].preset(), "bench");
  EXPECT_EQ(experiments[1].title, "Order");
  EXPECT_EQ(experiments[1].preset(), "interleave");
}

TEST(DemoList, IsNothingElse) {
  EXPECT_TRUE(parse_list("").empty());
  EXPECT_THROW((void)parse_list("P3 Speed\n"), std::runtime_error);
}

TEST(DemoSelection, KeepsTheLessonsOrder) {
  EXPECT_EQ(claims_of(select(three, {})), "P1 P8 P3 ");
  EXPECT_EQ(claims_of(select(three, {"P3", "P1"})), "P1 P3 ");
}

TEST(DemoSelection, ShowsAClaimByAllOfItsExperiments) {
  const std::vector<Experiment> of_p5{
      {"P5", "explored", ""}, {"P5b", "explored", ""}, {"P55", "explored", ""}};
  EXPECT_EQ(claims_of(select(of_p5, {"P5"})), "P5 P5b ");
  EXPECT_EQ(claims_of(select(of_p5, {"P5b"})), "P5b ");
  EXPECT_EQ(claims_of(select(of_p5, {"P55"})), "P55 ");
}

TEST(DemoSelection, NamesTheClaimsThereAre) {
  try {
    (void)select(three, {"P3", "P9"});
    FAIL() << "P9 is no claim";
  } catch (const UnknownId& unknown) {
    const std::string words = unknown.what();
    EXPECT_NE(words.find("\"P9\""), std::string::npos) << words;
    EXPECT_NE(words.find("P8  Order is not determined"), std::string::npos) << words;
  }
}

TEST(DemoRun, HandsOnOutputAndStatus) {
  std::string seen;
  const Lesson lesson = lesson_of("/tmp/lessons/07-actors");
  const auto outcome =
      run_experiment(experiment_command("/bin/echo", lesson, "P1"), three[0],
                     [&](std::string_view text) { seen += text; });
  EXPECT_TRUE(outcome.exited_with(0));
  EXPECT_EQ(seen, "P1\n");
  EXPECT_EQ(outcome.output, seen);
}

TEST(DemoRun, TellsTheExplorerWhatItIsCalled) {
  const auto command =
      experiment_command("program", lesson_of("/tmp/lessons/07-actors"), "A7b");
  EXPECT_EQ(command.folder, "/tmp");
  const auto called = experiment_called(command.environment.at("INTERLEAVE_TEST"));
  ASSERT_TRUE(called.has_value());
  EXPECT_EQ(called->lesson, "7");
  EXPECT_EQ(called->claim, "A7b");
  EXPECT_FALSE(experiment_called("JobQueue.Closes").has_value());
  EXPECT_FALSE(experiment_called("demo.7").has_value());
}

}  // namespace
}  // namespace course::experiments
