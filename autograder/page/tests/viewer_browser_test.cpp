// Property: at each step the viewer shows what the explorer's record says of it: the line of
// every thread, what it holds and what it waits for. Driven by keys in a headless Chromium;
// skipped, and said so, where there is none.
//
// The records are real ones: of losing_programs.cpp, found and replayed here.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

#include "chromium.hpp"
#include "losing_records.hpp"
#include "page/viewer.hpp"

namespace course::page {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// What the record says of each thread after `position` steps.
struct Expected {
  std::string place;  // "losing_programs.cpp:22"
  json holds = json::array();
  std::string waits;
};

std::map<int, Expected> expected_at(const json& record, std::size_t position) {
  std::map<int, Expected> all;
  for (std::size_t i = 0; i < position; ++i) {
    const json& step = record.at("steps").at(i);
    for (const json& state : step.at("states")) {
      Expected& thread = all[state.at("thread")];
      thread.holds = state.at("holds");
      thread.waits = state.at("waits");
    }
    const std::string file = fs::path(std::string(step.at("file"))).filename();
    all[step.at("thread")].place =
        file.empty() ? "" : file + ":" + std::to_string(int{step.at("line")});
  }
  return all;
}

// Of the losing programs' source, from 1.
int line_with(const std::string& words) {
  std::ifstream in(losing_source());
  std::string text;
  for (int line = 1; std::getline(in, text); ++line) {
    if (text.find(words) != std::string::npos) return line;
  }
  return 0;
}

class Viewer : public testing::Test {
 protected:
  void SetUp() override {
    if (Chromium::program().empty())
      GTEST_SKIP() << "no Chromium here: the viewer is not tested";
    browser_.emplace();
    file_ =
        fs::temp_directory_path() / ("viewer-" + std::to_string(::getpid()) + ".html");
  }

  void TearDown() override {
    std::error_code gone;
    fs::remove(file_, gone);
  }

  void show(const json& record, const Window& window = {1920, 1080, false}) {
    ASSERT_TRUE(record.is_object()) << "the program does not lose";
    const json view = view_of(record, losing_source().parent_path(),
                              {"a losing program", "autograder/course replay TOKEN"});
    std::ofstream(file_) << viewer_page(view);
    browser_->open("file://" + file_.string(), window);
    ASSERT_EQ(browser_->evaluate("document.querySelector('.viewer').dataset.position"),
              "0");
  }

  // Of each thread, as it is shown: the place and the words of its line in the list, and where
  // in the source its mark stands.
  json shown() {
    return browser_->evaluate(R"js(Object.fromEntries(
      [...document.querySelectorAll(".state")].map(row => [row.dataset.thread, {
        at: row.querySelector(".at").textContent,
        does: row.querySelector(".does").textContent,
        lit: document.querySelector(`.chip[data-thread="${row.dataset.thread}"]`)
               ?.closest(".line").dataset.line ?? null,
        file: document.querySelector(".tabs .current")?.textContent ?? ""}])))js");
  }

  void expect_state(const json& record, std::size_t position) {
    const std::map<int, Expected> expected = expected_at(record, position);
    const json all = shown();
    for (const auto& [thread, state] : expected) {
      const json& seen = all.at(std::to_string(thread));
      const std::string where =
          "thread " + std::to_string(thread) + " at position " + std::to_string(position);
      EXPECT_EQ(seen.at("at"), state.place) << where;
      const std::string file = seen.at("file");
      if (state.place.starts_with(file + ":")) {
        EXPECT_EQ(seen.at("lit"), state.place.substr(file.size() + 1)) << where;
      }
      const std::string does = seen.at("does");
      for (const std::string lock : state.holds)
        EXPECT_NE(does.find(lock), std::string::npos) << where << ": " << does;
      EXPECT_EQ(state.holds.empty(), does.find("holds ") == std::string::npos) << where;
      EXPECT_NE(does.find(state.waits), std::string::npos) << where << ": " << does;
    }
  }

  void step_through(const json& record) {
    const std::size_t end = record.at("steps").size();
    for (std::size_t position = 0; position <= end; ++position) {
      if (position > 0) browser_->press("ArrowRight");
      EXPECT_EQ(browser_->evaluate("document.querySelector('.viewer').dataset.position"),
                std::to_string(position));
      expect_state(record, position);
    }
    for (std::size_t position = end; position-- > 0;) {
      browser_->press("ArrowLeft");
      expect_state(record, position);
    }
  }

  std::string text_of(const std::string& selector) {
    return browser_->evaluate("document.querySelector('" + selector +
                              "')?.textContent ?? ''");
  }

  fs::path file_;
  std::optional<Chromium> browser_;
};

class ViewerOfLoss : public Viewer, public testing::WithParamInterface<const char*> {};

TEST_P(ViewerOfLoss, ShowsEachThreadsLineAndLocksAtEachStep) {
  const json record = replayed(std::string("Loses.") + GetParam());
  show(record);
  step_through(record);
  browser_->press("End");
  EXPECT_FALSE(text_of(".why").empty());
}

INSTANTIATE_TEST_SUITE_P(Page, ViewerOfLoss,
                         testing::Values("Deadlock", "WakeUp", "FreshValue", "Lifetime",
                                         "Patience"),
                         [](const auto& loss) { return std::string(loss.param); });

TEST_F(Viewer, TellsWhoWaitsForWhomInADeadlock) {
  show(replayed("Loses.Deadlock"));
  browser_->press("End");
  const json all = shown();
  EXPECT_NE(std::string(all.at("0").at("does")).find("waits for left, held by worker 1"),
            std::string::npos);
  EXPECT_NE(std::string(all.at("1").at("does")).find("waits for right, held by leader"),
            std::string::npos);
}

// The access that could not be made is a step, in the line of the thread that made it.
TEST_F(Viewer, ShowsWhereMemoryIsUsedThatIsGone) {
  const json record = replayed("Loses.Lifetime");
  show(record);
  browser_->press("End");
  const std::string place = shown().at("1").at("at");
  EXPECT_TRUE(place.ends_with(":" + std::to_string(line_with("value->load();"))))
      << place;
  EXPECT_NE(text_of(".row.current").find("load"), std::string::npos);
}

TEST_F(Viewer, TellsWhichStoreAStaleLoadReadAndWhatWouldHaveOrderedIt) {
  const json record = replayed("Loses.FreshValue");
  show(record);
  EXPECT_TRUE(text_of(".viewer h2").starts_with("check failed after "));
  const json& steps = record.at("steps");
  bool found = false;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    browser_->press("ArrowRight");
    if (!steps[i].contains("order")) continue;
    found = true;
    EXPECT_NE(text_of(".now .note").find("stored a newer one"), std::string::npos);
    EXPECT_NE(text_of(".now .order").find("release store that an acquire load reads"),
              std::string::npos);
    EXPECT_EQ(browser_->evaluate("document.querySelector('.row.linked').dataset.step"),
              std::to_string(int{steps[i].at("newest")}));
  }
  EXPECT_TRUE(found);
}

// Of a loop that only looks again and again the first rounds are kept. What its thread holds is
// shown as it is all the same.
TEST_F(Viewer, SaysWhereStepsAreLeftOutAndWhatIsHeldBehindThem) {
  const json record = replayed("Loses.Patience");
  show(record);
  EXPECT_LT(record.at("steps").size(), 20U) << "each round has its rows";
  EXPECT_NE(text_of(".gap").find("steps are left out here"), std::string::npos);
  browser_->press("End");
  EXPECT_NE(text_of(".why").find("worker 1 holds mutex and reads"), std::string::npos)
      << text_of(".why");
  EXPECT_NE(std::string(shown().at("1").at("does")).find("holds mutex"),
            std::string::npos);
  EXPECT_EQ(unreadable_in(*browser_).at("cut"), json::array());
}

// Of a run without an end 2,000 steps are kept. It holds a lock that it took in between.
TEST_F(Viewer, KnowsWhatIsHeldBehindTheMiddleThatIsLeftOut) {
  const json record = replayed("Loses.Count");
  show(record);
  EXPECT_NE(text_of(".gap").find("steps are left out here"), std::string::npos);
  browser_->press("End");
  const std::string does = shown().at("1").at("does");
  EXPECT_NE(does.find("outer"), std::string::npos) << does;
  expect_state(record, record.at("steps").size());
}

TEST_F(Viewer, GoesToThePointOfNoReturnAndToBothEnds) {
  const json record = replayed("Loses.Deadlock");
  show(record);
  const std::string position = "document.querySelector('.viewer').dataset.position";
  browser_->press("p");
  EXPECT_EQ(browser_->evaluate(position),
            std::to_string(int{record.at("inflection").at("step")}));
  browser_->press("End");
  EXPECT_EQ(browser_->evaluate(position), std::to_string(record.at("steps").size()));
  browser_->press("ArrowRight");
  EXPECT_EQ(browser_->evaluate(position), std::to_string(record.at("steps").size()));
  browser_->press("Home");
  browser_->press("ArrowLeft");
  EXPECT_EQ(browser_->evaluate(position), "0");
}

// As where a telephone is turned.
TEST_F(Viewer, KeepsTheStepInViewWhenItsPaneChanges) {
  show(replayed("Loses.Deadlock"), {390, 844, false});
  browser_->press("End");
  browser_->evaluate("document.querySelector('.schedule').style.height = '100px'");
  EXPECT_TRUE(browser_->becomes_true(
      "(() => { const box = one => document.querySelector(one).getBoundingClientRect();"
      "return box('.schedule').top <= box('.row.current').top &&"
      "box('.row.current').bottom <= box('.schedule').bottom; })()",
      5));
}

TEST_F(Viewer, StaysUsableWith64ThreadsAnd2000Steps) {
  const json record = replayed("Loses.Crowd");
  show(record);
  EXPECT_EQ(record.at("threads").size(), 64u);
  EXPECT_GE(record.at("steps").size(), 1900u);
  browser_->press("End");
  EXPECT_EQ(browser_->evaluate("document.querySelector('.viewer').dataset.position"),
            std::to_string(record.at("steps").size()));
  expect_state(record, record.at("steps").size());
  // Each key is answered with the state of all threads, from any position.
  for (int page = 0; page < 50; ++page) browser_->press("PageUp");
  expect_state(record, record.at("steps").size() - 500);
  for (int step = 0; step < 30; ++step) {
    browser_->press("ArrowRight");
    expect_state(record,
                 record.at("steps").size() - 499 + static_cast<std::size_t>(step));
  }
  const json unreadable = unreadable_in(*browser_);
  EXPECT_EQ(unreadable.at("cut"), json::array());
  EXPECT_EQ(unreadable.at("overlaps"), json::array());
}

TEST_F(Viewer, EmbedsNoFileFromOutsideTheCourse) {
  json record = replayed("Loses.Deadlock");
  ASSERT_TRUE(record.is_object());
  record["steps"][0]["file"] = "/etc/hostname";
  const json view = view_of(record, losing_source().parent_path(), {"", ""});
  EXPECT_EQ(view["files"][0]["lines"], json::array());
  EXPECT_EQ(view["files"][0]["path"], "hostname");
}

class ViewerOnScreen
    : public Viewer,
      public testing::WithParamInterface<std::tuple<const char*, Window>> {};

TEST_P(ViewerOnScreen, ShowsEveryWordWholeAndPlain) {
  const auto& [loss, window] = GetParam();
  const json record = replayed(std::string("Loses.") + loss);
  show(record, window);
  for (const char* key : {"Home", "ArrowRight", "p", "End"}) {
    browser_->press(key);
    const json found = unreadable_in(*browser_);
    EXPECT_GT(found.at("texts"), 20);
    for (const char* fault : all_faults)
      EXPECT_EQ(found.at(fault), json::array()) << fault << " after " << key;
  }
  // For a person who wants to look.
  if (const char* folder = std::getenv("COURSE_PICTURES")) {
    browser_->save_picture(fs::path(folder) / ("viewer-" + std::string(loss) + "-" +
                                               std::to_string(window.width) +
                                               (window.dark ? "-dark" : "") + ".png"));
  }
}

std::string name_of_screen(
    const testing::TestParamInfo<ViewerOnScreen::ParamType>& info) {
  const auto& [loss, window] = info.param;
  return loss + name_of({window, 0});
}

INSTANTIATE_TEST_SUITE_P(Page, ViewerOnScreen,
                         testing::Combine(testing::Values("Deadlock", "WakeUp",
                                                          "FreshValue", "Lifetime",
                                                          "Patience", "Crowd"),
                                          testing::ValuesIn(hall_and_phone)),
                         name_of_screen);

INSTANTIATE_TEST_SUITE_P(OnALaptop, ViewerOnScreen,
                         testing::Values(std::tuple{"Lifetime",
                                                    Window{1366, 768, false}}),
                         name_of_screen);

}  // namespace
}  // namespace course::page
