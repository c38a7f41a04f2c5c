// Property: the page of a grading tells all that the terminal tells, needs nothing else, and
// whatever a submission printed or named is no more than text in it.
#include "student/graded_page.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <regex>

#include "author/tests/course_folder.hpp"
#include "losing_records.hpp"
#include "sample_grading.hpp"

namespace course::student {
namespace {

using nlohmann::json;

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

void expect_in(const std::string& page, std::initializer_list<const char*> all) {
  for (const char* part : all) EXPECT_NE(page.find(part), std::string::npos) << part;
}

TEST(GradedPage, TellsStatePointsFindingLineAndWhatIsNext) {
  const SampleGrading grading;
  const std::string page = grading.page_of(0);
  expect_in(page, {"<title>1.1 crossing: failed</title>", "Transfers that cross",
                   "45 of 85 points; 15 not measured here", "<h3>deadlock</h3>",
                   "every thread waits", "Each of some threads holds",
                   "lessons/02-shared-state/README.md#deadlock", "Loses.Deadlock",
                   "<code>losing_programs.cpp:22</code>", "What to do next",
                   "fix losing_programs.cpp:22, then autograder/course grade 1.1; stuck? "
                   "autograder/course hint 1.1",
                   "<code>autograder/course replay 1.1</code>"});
  expect_in(page, {"step 1", "45/45", "what is pushed comes out", "step 2", "0/40",
                   "two transfers that cross", "gate", ">–<", "build", "1.2 s",
                   "interleave", "too noisy to tell", "Seed 42",
                   "A machine, 2 cores, a compiler", "2026-11-28"});
  EXPECT_EQ(count(page, "class=\"contents\""), 0u) << "of one exercise";
}

// The line itself is marked, between those around it.
TEST(GradedPage, ShowsTheLineInItsSource) {
  SampleGrading grading;
  grading.finding().line = 2;
  const std::string page = grading.page_of(0);
  expect_in(page, {"<div><b>1</b><code style=\"--indent:0\">// Programs that lose",
                   "<div class=\"hit\"><b>2</b><code style=\"--indent:0\">#include "
                   "&lt;gtest/gtest.h&gt;",
                   "<div><b>5</b>"});
  EXPECT_EQ(count(page, "<b>6</b>"), 0u);
  grading.finding().line = std::numeric_limits<int>::max();
  EXPECT_EQ(count(grading.page_of(0), "class=\"hit\""), 0u) << "there is no such line";
}

TEST(GradedPage, HasAListAndASectionForEachOfSeveral) {
  const SampleGrading grading;
  const std::string page = grading.page();
  expect_in(page, {"<title>3 exercises: failed</title>", "<h1>3 exercises: 175 of 255",
                   "<a href=\"#2.1\">", "<section class=\"exercise\" id=\"2.1\">",
                   "open losing_programs.cpp, then autograder/course grade 2.1",
                   "It locks once for both", "autograder/course diff 1.2"});
  EXPECT_EQ(count(page, "<section class=\"exercise\""), 3u);
}

TEST(GradedPage, TellsWhatIsNextOnceAllPassed) {
  const SampleGrading grading;
  expect_in(grading.page_of(1), {"<title>1.2 counter: passed</title>", "What to do next",
                                 "then autograder/course grade 1.1"});
}

TEST(GradedPage, NamesTheVariantThatWasGraded) {
  SampleGrading grading;
  grading.results[0].subject.variant = "if_for_while";
  expect_in(grading.page_of(0), {"1.1 crossing, if_for_while",
                                 "autograder/course replay 1.1 --of if_for_while"});
}

TEST(GradedPage, ShowsWhatASubmissionPrintedAsText) {
  SampleGrading grading;
  for (const bool in_a_schedule : {false, true}) {
    if (in_a_schedule) grading.schedules[0] = json{{"headline", hostile[0]}};
    const std::string page = grading.page();
    for (const char* words : hostile)
      EXPECT_EQ(page.find(words), std::string::npos) << words;
    expect_in(page, {"&lt;/script&gt;&lt;script&gt;alert(1)", "&lt;img src=x onerror"});
  }
}

TEST(GradedPage, ShowsNoFileFromOutsideTheCourse) {
  SampleGrading grading;
  grading.course.root /= "elsewhere";
  const std::string page = grading.page_of(0);
  expect_in(page, {"<code>losing_programs.cpp:22</code>"});
  EXPECT_EQ(page.find("class=\"hit\""), std::string::npos);
}

TEST(GradedPage, CutsAFloodBetweenTwoLetters) {
  SampleGrading grading;
  const std::size_t before = grading.page_of(0).size();
  std::string flood;
  for (int letter = 0; letter < 500'000; ++letter) flood += "ß";
  grading.finding().what = "x" + flood;
  grading.finding().detail = flood;
  const std::string page = grading.page_of(0);
  EXPECT_LT(page.size(), before + 20'000);
  expect_in(page, {"ßßß …"});
  EXPECT_EQ(page.find("\\x"), page.rfind("\\x")) << "half a letter was left";
}

TEST(GradedPage, TakesNothingFromElsewhere) {
  SampleGrading grading;
  grading.schedules[0] = json::object();
  const std::string page = grading.page();
  expect_in(page, {"default-src 'none'"});
  const std::regex reach(R"re(https?:|\s(src|href)="[^#]|url\(|@import|<link)re");
  std::smatch found;
  EXPECT_FALSE(std::regex_search(page, found, reach)) << found.str();
}

// A program that writes what it is given as its records, as a submission could.
class SchedulesOf : public testing::Test {
 protected:
  json replay_of(const std::string& record) {
    const auto program = folder_.add(
        ".build/interleave/graded/crossing-student",
        "#!/bin/sh\nset -- $COURSE_RECORDS\nprintf '%s %s\\n' \"$2\" '{\"record\":"
        "\"started\"}' \"$2\" '" +
            record + "' >&3\n");
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    grading_.course.root = folder_.root();
    return schedules_of(grading_.course, grader::Trees(folder_.root(), ""),
                        grading_.results)
        .front();
  }

  SampleGrading grading_;
  author::CourseFolder folder_;
};

TEST_F(SchedulesOf, ReplaysTheTokenOfTheFindingAlone) {
  const json schedule = replay_of(
      R"({"record":"explored","kind":"deadlock","headline":"deadlock after 0 steps",)"
      R"("concept":"deadlock","threads":[],"way_back":"","below":"","steps":[]})");
  ASSERT_TRUE(schedule.is_object());
  EXPECT_EQ(schedule["headline"], "deadlock after 0 steps");
  const auto all =
      schedules_of(grading_.course, grader::Trees(folder_.root(), ""), grading_.results);
  EXPECT_TRUE(all[1].is_null() && all[2].is_null());
}

TEST_F(SchedulesOf, AreNoneWhereTheRecordIsNotTheExplorers) {
  for (const char* record :
       {R"({"record":"explored","kind":"deadlock"})",
        R"({"record":"explored","kind":"deadlock","steps":7})",
        R"({"record":"explored","kind":"deadlock","steps":[{"file":1}]})",
        R"({"record":"explored","kind":"clean"})", "no record at all"}) {
    EXPECT_TRUE(replay_of(record).is_null()) << record;
  }
}

TEST_F(SchedulesOf, AreNoneWhereTheProgramIsGone) {
  grading_.course.root = folder_.root();
  EXPECT_TRUE(
      schedules_of(grading_.course, grader::Trees(folder_.root(), ""), grading_.results)
          .front()
          .is_null());
}

}  // namespace
}  // namespace course::student
