// Property: on a graded page the failing schedule can be stepped to its end and back with keys,
// and every word can be read on a wide screen and on a phone, dark and light. In a headless
// Chromium; skipped, and said so, where there is none.
//
// The schedule is a real one, of page/tests/losing_programs.cpp.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <optional>

#include "chromium.hpp"
#include "losing_records.hpp"
#include "page/viewer.hpp"
#include "sample_grading.hpp"

namespace course::student {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using page::Chromium;
using page::Window;

class Graded : public testing::Test {
 protected:
  void SetUp() override {
    if (Chromium::program().empty())
      GTEST_SKIP() << "no Chromium here: the graded page is not tested";
    record_ = page::replayed("Loses.Deadlock");
    ASSERT_TRUE(record_.is_object()) << "the program does not lose";
    grading_.schedules[0] = page::view_of(record_, grading_.course.root, {});
    browser_.emplace();
    file_ =
        fs::temp_directory_path() / ("graded-" + std::to_string(::getpid()) + ".html");
  }

  void TearDown() override {
    std::error_code gone;
    fs::remove(file_, gone);
  }

  void open(const Window& window = {1920, 1080, false}) {
    std::ofstream(file_) << grading_.page();
    browser_->open("file://" + file_.string(), window);
  }

  std::string position(std::size_t viewer = 0) {
    return browser_->evaluate("document.querySelectorAll('.viewer')[" +
                              std::to_string(viewer) + "].dataset.position");
  }

  std::string current(const std::string& part) {
    return browser_->evaluate("document.querySelector('.viewer .row.current ." + part +
                              "')?.textContent ?? ''");
  }

  void focus(std::size_t viewer) {
    browser_->evaluate("document.querySelectorAll('.viewer .schedule')[" +
                       std::to_string(viewer) + "].focus()");
  }

  SampleGrading grading_;
  json record_;
  fs::path file_;
  std::optional<Chromium> browser_;
};

TEST_F(Graded, StepsThroughTheScheduleToItsEndAndBack) {
  open();
  const json& steps = record_.at("steps");
  focus(0);
  EXPECT_EQ(position(), "0");
  for (std::size_t step = 1; step <= steps.size(); ++step) {
    browser_->press("ArrowRight");
    EXPECT_EQ(position(), std::to_string(step));
    EXPECT_EQ(current("words"), steps[step - 1].at("words"));
    EXPECT_TRUE(
        current("place").ends_with(":" + std::to_string(int{steps[step - 1].at("line")})))
        << current("place");
  }
  browser_->press("ArrowRight");
  EXPECT_EQ(position(), std::to_string(steps.size())) << "there is no further step";
  for (std::size_t step = steps.size(); step-- > 0;) {
    browser_->press("ArrowLeft");
    EXPECT_EQ(position(), std::to_string(step));
  }
  browser_->press("p");
  EXPECT_EQ(position(), std::to_string(int{record_.at("inflection").at("step")}));
  browser_->press("End");
  EXPECT_EQ(position(), std::to_string(steps.size()));
}

// Else the other keys are the page's, to scroll with.
TEST_F(Graded, StepsTheScheduleInViewWithoutAClickAndNoOther) {
  grading_.schedules[2] = grading_.schedules[0];
  grading_.results[2].stages[1].findings.front() = grading_.finding();
  grading_.results[2].stages[1].findings.front().verdict = grader::Verdict::not_started;
  open();
  browser_->evaluate("document.querySelectorAll('.viewer')[1].scrollIntoView()");
  browser_->press("ArrowRight");
  browser_->press("End");
  EXPECT_EQ(position(0), "0");
  EXPECT_EQ(position(1), "1");
  focus(0);
  browser_->press("End");
  EXPECT_EQ(position(0), std::to_string(record_.at("steps").size()));
  EXPECT_EQ(position(1), "1");
}

TEST_F(Graded, LoadsNothing) {
  open();
  EXPECT_EQ(browser_->evaluate("performance.getEntriesByType('resource').length"), 0);
}

TEST_F(Graded, RunsNothingThatASubmissionPrinted) {
  open();
  EXPECT_EQ(browser_->evaluate("document.querySelectorAll('img, iframe').length"), 0);
  EXPECT_EQ(browser_->evaluate("document.scripts.length"), 2);
  EXPECT_EQ(browser_->evaluate("document.querySelector('.what').textContent"),
            std::string("every thread waits: ") + hostile[0]);
}

class GradedOnScreen : public Graded, public testing::WithParamInterface<Window> {
 protected:
  // What is in the window; all of it, one window after the other.
  void expect_readable(const std::string& name) {
    const int height = browser_->evaluate("document.documentElement.scrollHeight");
    for (int at = 0; at < height; at += GetParam().height * 3 / 4) {
      browser_->evaluate("scrollTo(0, " + std::to_string(at) + ")");
      const json found = unreadable_in(*browser_);
      EXPECT_GT(found.at("texts"), 2) << name << " at " << at;
      for (const char* fault : page::all_faults)
        EXPECT_EQ(found.at(fault), json::array())
            << fault << ": " << name << " at " << at;
      save_picture(name + "-" + std::to_string(at));
    }
  }

  // For a person who wants to look.
  void save_picture(const std::string& name) {
    const char* folder = std::getenv("COURSE_PICTURES");
    if (folder == nullptr) return;
    const Window& window = GetParam();
    browser_->save_picture(fs::path(folder) /
                           ("graded-" + std::to_string(window.width) +
                            (window.dark ? "-dark-" : "-") + name + ".png"));
  }
};

TEST_P(GradedOnScreen, ShowsEveryWordWholeAndPlain) {
  open(GetParam());
  focus(0);
  browser_->press("End");
  expect_readable("several");
  grading_.schedules[0] = nullptr;
  open(GetParam());
  expect_readable("without-schedule");
}

INSTANTIATE_TEST_SUITE_P(Page, GradedOnScreen, testing::ValuesIn(page::hall_and_phone),
                         page::name_of);

}  // namespace
}  // namespace course::student
