// Property: what was guessed and measured is kept; what was stopped or failed replaces nothing.
#include "present/presentation.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "present/lesson_screens.hpp"
#include "sample_lesson.hpp"

namespace course::present {
namespace {

using nlohmann::json;

json wait_until_ended(const Presentation& presentation) {
  while (presentation.last_run().at("state") == "running")
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return presentation.last_run();
}

json kept_in(const SampleLesson& lesson) {
  std::ifstream in(lesson.kept());
  return json::parse(in, nullptr, false);
}

TEST(Presentation, KeepsWhatWasMeasured) {
  SampleLesson lesson;
  ASSERT_EQ(lesson.presentation().start("P1"), Presentation::Started::yes);
  EXPECT_EQ(wait_until_ended(lesson.presentation()).at("state"), "done");
  EXPECT_EQ(kept_in(lesson)["P1"]["result"]["rows"].size(), 3u);
  EXPECT_NE(lesson.presentation().page(true).find("2,827"), std::string::npos);
}

TEST(Presentation, StopsARunAndKeepsNothingOfIt) {
  SampleLesson lesson;
  ASSERT_EQ(lesson.presentation().start("P2"), Presentation::Started::yes);
  lesson.presentation().stop();
  EXPECT_EQ(wait_until_ended(lesson.presentation()).at("state"), "stopped");
  EXPECT_FALSE(kept_in(lesson).contains("P2"));
  EXPECT_EQ(lesson.presentation().start("P1"), Presentation::Started::yes);
}

TEST(Presentation, TellsWhyARunFailed) {
  SampleLesson lesson;
  ASSERT_EQ(lesson.presentation().start("P3"), Presentation::Started::yes);
  const json run = wait_until_ended(lesson.presentation());
  EXPECT_EQ(run.at("state"), "failed");
  EXPECT_EQ(run.at("message"), "exit status 7");
}

TEST(Presentation, KeepsGuessesAndRefusesWhatIsNone) {
  SampleLesson lesson;
  Presentation& presentation = lesson.presentation();
  EXPECT_TRUE(presentation.keep_guesses(
      {{"screen", "P1"}, {"target", "speed-up|2|2"}, {"guesses", {"2", "1.5"}}}));
  EXPECT_EQ(kept_in(lesson)["P1"]["guesses"], json({"2", "1.5"}));
  for (const json& wrong :
       {json(), json{{"screen", "P9"}, {"target", ""}, {"guesses", json::array()}},
        json{{"screen", "P1"}, {"target", ""}, {"guesses", {1}}},
        json{{"screen", "P1"}, {"guesses", json::array()}},
        json{{"screen", "P1"}, {"target", ""}, {"guesses", json(501, "1")}}}) {
    EXPECT_FALSE(presentation.keep_guesses(wrong)) << wrong;
  }
}

TEST(Presentation, WhateverWasTypedEndsNoElementOfThePage) {
  SampleLesson lesson;
  ASSERT_TRUE(lesson.presentation().keep_guesses(
      {{"screen", "P1"}, {"target", ""}, {"guesses", {"</script><b>"}}}));
  EXPECT_EQ(lesson.presentation().page(true).find("</script><b>"), std::string::npos);
}

TEST(Questions, AreTheNumberedOnesUnderTheirHeading) {
  const auto questions = questions_in(
      "# Lesson\n\n1. not this\n\n## Predict before you run\n\nWrite down.\n\n"
      "1. How *many*\n   jobs?\n2. And `then`?\n\n## The code\n\n1. nor this\n");
  EXPECT_EQ(questions, (std::vector<std::string>{"How many jobs?", "And then?"}));
}

}  // namespace
}  // namespace course::present
