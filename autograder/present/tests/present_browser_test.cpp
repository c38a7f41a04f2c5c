// Property: the whole of a lesson can be given with keys: guesses typed in, an experiment run to
// its plot, another stopped, all of it saved. In a headless Chromium; skipped, and said so,
// where there is none.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <optional>

#include "chromium.hpp"
#include "sample_lesson.hpp"

namespace course::present {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using page::Chromium;
using page::Window;

class Presented : public testing::Test {
 protected:
  void SetUp() override {
    if (Chromium::program().empty())
      GTEST_SKIP() << "no Chromium here: the presentation is not tested";
    browser_.emplace();
  }

  void open(const Window& window = {1920, 1080, false}) {
    browser_->open(lesson_.server().address(), window);
  }

  void press(std::initializer_list<const char*> keys) {
    for (const char* key : keys) browser_->press(key);
  }

  void guess(const char* text) {
    browser_->press("g");
    browser_->type(text);
    press({"Enter", "Escape"});
  }

  bool shows(const std::string& selector, const std::string& words) {
    return browser_->becomes_true("[...document.querySelectorAll('" + selector +
                                  "')].some(one => one.textContent.includes('" + words +
                                  "'))");
  }

  std::size_t count(const std::string& selector) {
    return browser_->evaluate("document.querySelectorAll('" + selector + "').length");
  }

  SampleLesson lesson_;
  std::optional<Chromium> browser_;
};

TEST_F(Presented, DrawsTheGuessesBesideTheResult) {
  open();
  press({"ArrowRight"});
  EXPECT_TRUE(shows("td", "?"));
  EXPECT_EQ(count(".fill"), 0u);
  guess("2 1.5 2");
  EXPECT_TRUE(shows(".chip", "2 ×2"));
  browser_->press("r");
  EXPECT_TRUE(shows(".bar-text", "0.992"));
  EXPECT_TRUE(shows("td", "2,827"));
  EXPECT_TRUE(shows(".look", "Look at the two columns"));
  EXPECT_EQ(count(".track.target .guess"), 2u);
  // Half as much is drawn half as far.
  const std::string left = "parseFloat(document.querySelectorAll('.guess')";
  const double two = browser_->evaluate(left + "[0].style.left)");
  const double one_and_a_half = browser_->evaluate(left + "[1].style.left)");
  EXPECT_NEAR(one_and_a_half / two, 0.75, 1e-6);
}

TEST_F(Presented, DrawsAPlotOfABenchmark) {
  open();
  press({"ArrowRight", "ArrowRight", "ArrowRight"});
  guess("150");
  browser_->press("r");
  EXPECT_TRUE(shows(".plot .wide text", "workers"));
  EXPECT_TRUE(shows(".bar-text", "190"));
  EXPECT_EQ(count(".guess"), 1u);
}

TEST_F(Presented, DrawsAsTheNumbersArriveAndStopsARun) {
  open();
  press({"ArrowRight", "ArrowRight", "r"});
  EXPECT_TRUE(shows("td", "1,425"));
  EXPECT_EQ(lesson_.presentation().last_run().at("state"), "running");
  EXPECT_EQ(count("tr.pending"), 1u);
  browser_->press("s");
  EXPECT_TRUE(shows(".message", "Stopped."));
  EXPECT_EQ(lesson_.presentation().last_run().at("state"), "stopped");
}

// Both keys are there before the server has answered to the first.
TEST_F(Presented, StopsARunThatHasOnlyBeenAskedFor) {
  open();
  press({"ArrowRight", "ArrowRight"});
  browser_->evaluate(
      "for (const key of ['r', 's']) document.dispatchEvent(new KeyboardEvent('keydown', "
      "{key}))");
  EXPECT_TRUE(shows(".message", "Stopped."));
  EXPECT_EQ(lesson_.presentation().last_run().at("state"), "stopped");
}

TEST_F(Presented, TellsThatARunWasRefusedAndRunsLater) {
  open();
  browser_->evaluate("asked.then(() => 1)");  // nothing was running
  ASSERT_EQ(lesson_.presentation().start("P2"), Presentation::Started::yes);
  press({"ArrowRight", "r"});
  EXPECT_TRUE(shows(".message", "one run at a time"));
  EXPECT_EQ(count("button:disabled"), 1u) << "only Stop";
  lesson_.presentation().stop();
  ASSERT_TRUE(browser_->becomes_true(
      "fetch('run').then(answer => answer.json()).then(run => run.state === 'stopped')"));
  browser_->press("r");
  EXPECT_TRUE(shows("td", "2,827"));
}

TEST_F(Presented, TellsWhyARunFailed) {
  open();
  press({"End", "r"});
  EXPECT_TRUE(shows(".message", "exit status 7"));
}

TEST_F(Presented, GoesForwardsAndBackAndNoFurther) {
  open();
  press({"ArrowLeft"});
  EXPECT_TRUE(shows(".counter", "0 of 4"));
  press({"PageDown", "PageDown", "PageUp"});
  EXPECT_TRUE(shows(".counter", "1 of 4"));
  press({"End", "ArrowRight"});
  EXPECT_TRUE(shows(".counter", "4 of 4"));
}

TEST_F(Presented, KeepsAllForAnotherHourAndForAFile) {
  open();
  press({"ArrowRight"});
  guess("3");
  browser_->press("r");
  EXPECT_TRUE(shows("td", "2,827"));
  open();
  press({"ArrowRight"});
  EXPECT_TRUE(shows("td", "2,827"));
  EXPECT_TRUE(shows(".chip", "3"));

  const fs::path file = lesson_.kept().parent_path() / "saved.html";
  std::ofstream(file) << lesson_.presentation().page(true);
  browser_->open("file://" + file.string(), {1920, 1080, false});
  press({"ArrowRight"});
  EXPECT_TRUE(shows("td", "2,827"));
  EXPECT_EQ(count(".guess"), 1u);
  EXPECT_EQ(count("select"), 0u) << "there is nothing to choose";
  EXPECT_TRUE(shows(".asked", "speed-up: 2"));
  press({"End"});
  EXPECT_EQ(count(".prediction"), 1u) << "it could have been guessed";
  EXPECT_EQ(browser_->evaluate("[...document.querySelectorAll('.controls button')]"
                               ".filter(one => !one.hidden).length"),
            2);
  EXPECT_EQ(browser_->evaluate("performance.getEntriesByType('resource').length"), 0);
}

TEST_F(Presented, ARunOfAnotherPageIsRefused) {
  open();
  const std::string address = lesson_.server().address();
  const fs::path file = lesson_.kept().parent_path() / "other.html";
  std::ofstream(file) << "<!doctype html><p>another page";
  browser_->open("file://" + file.string(), {1920, 1080, false});
  browser_->evaluate("fetch('" + address +
                     "run?screen=P1', {method: 'POST', mode: 'no-cors'})"
                     ".catch(() => 0).then(() => 1)");
  EXPECT_EQ(lesson_.presentation().last_run().at("state"), "none");
}

class PresentedOnScreen : public Presented, public testing::WithParamInterface<Window> {
 protected:
  void expect_readable(const std::string& name) {
    const json found = unreadable_in(*browser_);
    EXPECT_GT(found["texts"], 8) << name;
    for (const char* fault : page::all_faults)
      EXPECT_EQ(found[fault], json::array()) << fault << ": " << name;
    const char* folder =
        std::getenv("COURSE_PICTURES");  // for a person who wants to look
    if (folder == nullptr) return;
    const Window& window = GetParam();
    browser_->save_picture(fs::path(folder) /
                           ("present-" + name + "-" + std::to_string(window.width) +
                            (window.dark ? "-dark" : "") + ".png"));
  }
};

TEST_P(PresentedOnScreen, ShowsEveryWordWholeAndPlain) {
  open(GetParam());
  expect_readable("opening");
  press({"ArrowRight"});
  guess("2 1.5 2 0.5 2 2 2 2 2 2 2 2");
  EXPECT_EQ(browser_->evaluate("document.querySelector('.asked').checkVisibility()"),
            GetParam().width < 900)
      << "a list on a phone cuts what is asked";
  expect_readable("before");
  browser_->press("r");
  ASSERT_TRUE(shows(".look", "Look at"));
  EXPECT_EQ(count(".stacked"), GetParam().width < 900 ? 1u : 0u)
      << "a table that a phone has no room for is a list there";
  expect_readable("after");
  press({"ArrowRight", "ArrowRight"});
  guess("150 170");
  browser_->press("r");
  ASSERT_TRUE(shows(".bar-text", "190"));
  expect_readable("plot");
}

INSTANTIATE_TEST_SUITE_P(Page, PresentedOnScreen, testing::ValuesIn(page::hall_and_phone),
                         page::name_of);

}  // namespace
}  // namespace course::present
