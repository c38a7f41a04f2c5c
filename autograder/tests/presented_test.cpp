// Property: a real lesson can be given: an experiment runs to its table and a benchmark to its
// plot, a run is stopped, and what was measured and guessed is saved as one file that needs
// nothing else. In a headless Chromium; skipped, and said so, where there is none.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "catalogue/files.hpp"
#include "catalogue/lesson.hpp"
#include "chromium.hpp"
#include "present/lesson_screens.hpp"
#include "present/presentation.hpp"
#include "present/server.hpp"

namespace course::present {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using page::Chromium;

class RealLesson : public testing::Test {
 protected:
  void SetUp() override {
    if (Chromium::program().empty())
      GTEST_SKIP() << "no Chromium here: the presentation is not tested";
    const char* compiler = std::getenv("COURSE_COMPILER");
    const grader::Trees trees(COURSE_SOURCE_FOLDER, compiler == nullptr ? "" : compiler);
    folder_ = testing::TempDir() + "presented_test_" + std::to_string(::getpid());
    fs::create_directories(folder_);
    screens_.emplace(trees, find_lesson(COURSE_SOURCE_FOLDER, "1"), true);
    presentation_.emplace(
        screens_->deck(), folder_ / "kept.json",
        [this](const auto& screen, const auto& show, const std::stop_token& stop) {
          screens_->measure(screen, show, stop);
        });
    server_.emplace(*presentation_);
    listener_ = std::jthread([this] { server_->listen(); });
    browser_.emplace();
    browser_->open(server_->address(), {1920, 1080, false});
  }

  void TearDown() override {
    if (!server_) return;
    server_->stop();
    listener_.join();
    presentation_.reset();
    fs::remove_all(folder_);
  }

  void go_to(std::size_t screen) {
    browser_->press("Home");
    for (std::size_t turned = 0; turned <= screen; ++turned)
      browser_->press("ArrowRight");
  }

  // The number of the first screen of that kind.
  std::size_t first(const std::string& kind) const {
    const json& all = screens_->deck().at("screens");
    for (std::size_t at = 0; at < all.size(); ++at) {
      if (all[at].at("kind") == kind) return at;
    }
    ADD_FAILURE() << "the lesson has no screen that is " << kind;
    return 0;
  }

  void guess(const char* text) {
    browser_->press("g");
    browser_->type(text);
    browser_->press("Enter");
    browser_->press("Escape");
  }

  void run_to_the_end() {
    browser_->press("r");
    ASSERT_TRUE(
        browser_->becomes_true("running === null && !!resultOf(currentScreen())", 100));
    EXPECT_EQ(presentation_->last_run().at("state"), "done")
        << presentation_->last_run().at("message");
  }

  std::size_t count(const std::string& selector) {
    return browser_->evaluate("document.querySelectorAll('" + selector + "').length");
  }

  // All of the screen that is shown, one window of it after the other.
  void expect_readable(const std::string& name) {
    const std::string pane =
        "(document.querySelector('.overlay:not([hidden])') ?? document.documentElement)";
    const int height = browser_->evaluate(pane + ".scrollHeight");
    const int step = browser_->evaluate("innerHeight - 120");
    for (int at = 0; at == 0 || at + 120 < height; at += step) {
      browser_->evaluate(pane + ".scrollTop = " + std::to_string(at));
      const json found = page::unreadable_in(*browser_);
      for (const char* fault : page::all_faults)
        EXPECT_EQ(found[fault], json::array()) << fault << ": " << name << " at " << at;
      // For a person who wants to look.
      if (const char* pictures = std::getenv("COURSE_PICTURES")) {
        browser_->save_picture(fs::path(pictures) /
                               ("real-" + name + "-" + std::to_string(at) + ".png"));
      }
    }
  }

  // Measures experiments that are explored until one shows a schedule; the number of its screen.
  std::size_t explore_to_a_schedule() {
    const json& all = screens_->deck().at("screens");
    for (std::size_t at = 0; at < all.size(); ++at) {
      if (all[at].at("kind") != "explored") continue;
      go_to(at);
      run_to_the_end();
      if (browser_->evaluate("!!resultOf(currentScreen()).schedule")) return at;
    }
    ADD_FAILURE() << "no experiment of the lesson shows a schedule";
    return 0;
  }

  // Its opening, the screens of `kinds` and the schedule of the one that is "explored".
  void expect_all_readable(const fs::path& saved,
                           const std::map<std::string, std::size_t>& kinds,
                           const page::Window& window) {
    const std::string suffix =
        "-" + std::to_string(window.width) + (window.dark ? "-dark" : "");
    browser_->open("file://" + saved.string(), window);
    EXPECT_EQ(browser_->evaluate("document.querySelector('h1').textContent"),
              "Lesson 1: parallel workers");
    expect_readable("opening" + suffix);
    for (const auto& [kind, screen] : kinds) {
      go_to(screen);
      expect_readable(kind + suffix);
    }
    go_to(kinds.at("explored"));
    browser_->press("v");
    browser_->press("End");
    EXPECT_NE(browser_->evaluate("document.querySelector('.viewer').dataset.position"),
              "0");
    expect_readable("schedule" + suffix);
  }

  fs::path folder_;
  std::optional<LessonScreens> screens_;
  std::optional<Presentation> presentation_;
  std::optional<Server> server_;
  std::jthread listener_;
  std::optional<Chromium> browser_;
};

TEST_F(RealLesson, IsMeasuredStoppedAndSaved) {
  const std::size_t experiment = first("measured");
  const std::size_t benchmark = first("benchmark");
  const std::size_t explored = explore_to_a_schedule();

  go_to(experiment);
  guess("2");
  run_to_the_end();
  const json& expected = screens_->deck().at("screens")[experiment].at("expected");
  EXPECT_EQ(count("tr"), expected.at("rows").size() + 1)
      << "the recorded table has others";
  EXPECT_EQ(count(".guess"), 1u);
  EXPECT_GT(count(".look"), 0u);
  expect_readable("experiment-live");

  go_to(benchmark);
  run_to_the_end();
  EXPECT_GT(count(".plot .wide svg .mark, .plot .wide svg .bar"), 0u);
  expect_readable("benchmark-live");

  browser_->evaluate("run().then(stop).then(() => 1)");
  EXPECT_TRUE(browser_->becomes_true("running === null"));
  EXPECT_EQ(presentation_->last_run().at("state"), "stopped");

  const std::string saved =
      browser_->evaluate("fetch('save').then(answer => answer.text())");
  std::ofstream(folder_ / "saved.html") << saved;
  browser_->open("file://" + (folder_ / "saved.html").string(), {390, 844, true});
  EXPECT_EQ(browser_->evaluate("performance.getEntriesByType('resource').length"), 0);
  go_to(experiment);
  EXPECT_EQ(count("tr"), expected.at("rows").size() + 1);
  EXPECT_EQ(count(".guess"), 1u);
  go_to(benchmark);
  EXPECT_GT(count(".plot .narrow svg"), 0u)
      << "a run that was stopped took the plot away";

  const std::map<std::string, std::size_t> kinds{
      {"experiment", experiment}, {"benchmark", benchmark}, {"explored", explored}};
  for (const page::Window& window : {page::Window{1920, 1080, false},
                                     {1920, 1080, true},
                                     {390, 844, false},
                                     {390, 844, true}})
    expect_all_readable(folder_ / "saved.html", kinds, window);
}

}  // namespace
}  // namespace course::present
