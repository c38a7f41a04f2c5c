// The page as a browser lays it out. Skipped, and said so, where there is no Chromium.
//
// A script that is added for the test alone measures every visible piece of text: none
// may overlap another, leave the window, or be too small to read.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "chromium.hpp"
#include "page/page.hpp"
#include "process/process.hpp"
#include "sample_charts.hpp"

namespace course::page {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view probe = R"html(<pre id="found"></pre><script>
const texts = [...document.querySelectorAll("svg text")]
  .map(text => ({words: text.textContent, box: text.getBoundingClientRect(),
                 svg: text.closest("svg"),
                 size: parseFloat(getComputedStyle(text).fontSize) *
                       (text.closest("svg").getScreenCTM()?.a ?? 0)}))
  .filter(text => text.box.width > 0);
const slack = 2;
const overlaps = [];
for (const a of texts) for (const b of texts) {
  if (a === b || a.svg !== b.svg || a.words > b.words) continue;
  if (a.box.left + slack < b.box.right && b.box.left + slack < a.box.right &&
      a.box.top + a.box.height * .15 < b.box.bottom - b.box.height * .15 &&
      b.box.top + b.box.height * .15 < a.box.bottom - a.box.height * .15)
    overlaps.push(a.words + " / " + b.words);
}
document.getElementById("found").textContent = JSON.stringify({
  texts: texts.length,
  overlaps: overlaps.slice(0, 5),
  outside: texts.filter(t => t.box.left < -slack || t.box.right > innerWidth + slack)
    .map(t => t.words).slice(0, 5),
  smallest: Math.min(...texts.map(t => t.size)),
  wider_than_window: document.documentElement.scrollWidth > innerWidth + slack,
  ground: getComputedStyle(document.body).backgroundColor});
</script>)html";

class Browser : public testing::TestWithParam<Window> {
 protected:
  void SetUp() override {
    program_ = Chromium::program();
    if (program_.empty())
      GTEST_SKIP() << "no Chromium here: the page's layout is not tested";
    folder_ = fs::temp_directory_path() / ("page-test-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }

  void TearDown() override {
    if (!folder_.empty()) fs::remove_all(folder_);
  }

  [[nodiscard]] process::Command open(std::string page, const Window& window) const {
    std::ofstream(folder_ / "page.html") << page;
    process::Command command;
    command.words = {program_.string(),
                     "--headless",
                     "--no-sandbox",
                     "--disable-gpu",
                     "--hide-scrollbars",
                     "--user-data-dir=" + (folder_ / "profile").string(),
                     "--window-size=" + std::to_string(window.width) + "," +
                         std::to_string(window.height),
                     window.dark ? "--blink-settings=preferredColorScheme=0"
                                 : "--blink-settings=preferredColorScheme=1"};
    command.output_kept = 4 << 20;
    return command;
  }

  [[nodiscard]] nlohmann::json measure(const Window& window) const {
    std::string page = html(sample_sections(), sample_origin());
    page.insert(page.find("</body>"), probe);
    process::Command command = open(page, window);
    command.words.insert(command.words.end(),
                         {"--dump-dom", "file://" + (folder_ / "page.html").string()});
    const process::Outcome outcome = process::run(command);
    EXPECT_TRUE(outcome.exited_with(0)) << process::words_for(outcome);
    const std::string begin = "<pre id=\"found\">";
    const auto at = outcome.output.find(begin);
    if (at == std::string::npos) return {};
    const auto end = outcome.output.find("</pre>", at);
    return nlohmann::json::parse(
        outcome.output.substr(at + begin.size(), end - at - begin.size()));
  }

  fs::path program_;
  fs::path folder_;
};

TEST_P(Browser, ShowsEveryWordWhole) {
  const nlohmann::json found = measure(GetParam());
  ASSERT_TRUE(found.is_object());
  EXPECT_GT(found["texts"], 60);
  EXPECT_EQ(found["overlaps"], nlohmann::json::array());
  EXPECT_EQ(found["outside"], nlohmann::json::array());
  EXPECT_EQ(found["wider_than_window"], false);
  EXPECT_GE(found["smallest"].get<double>(), GetParam().width >= 1900 ? 32 : 14);
  EXPECT_EQ(found["ground"], GetParam().dark ? "rgb(20, 23, 27)" : "rgb(255, 255, 255)");
}

// Else the tests of pages that look for faults would pass whatever they look at.
TEST(UnreadableIn, NamesEachFault) {
  if (Chromium::program().empty()) GTEST_SKIP() << "no Chromium here";
  const fs::path file =
      fs::temp_directory_path() / ("faults-" + std::to_string(::getpid()) + ".html");
  std::ofstream(file) << R"html(<!doctype html><body style="font: 20px/30px monospace">
<p style="width: 60px; overflow: hidden; white-space: nowrap">cut off here</p>
<p style="width: 8ch; word-break: break-all">a wordily</p>
<div style="position: relative; height: 30px; background: #0b5cad">
  <i style="position: absolute">overlaps</i><i style="position: absolute">another</i></div>
<div style="position: relative; height: 30px">
  <div style="position: absolute; width: 100%; height: 100%; background: #0b5cad"></div>
  <b style="position: absolute; color: #b33a00">faint on what lies below</b></div>
<p style="font-size: 13px">small</p>
<code style="display: block; width: 20ch; white-space: pre-wrap">    outdented as_it_wraps</code>
<div style="width: 90px; overflow-x: auto"><div style="width: 900px">sideways</div></div>
)html";
  Chromium browser;
  browser.open("file://" + file.string(), {1920, 1080, false});
  const nlohmann::json found = unreadable_in(browser);
  const auto names = [&](const char* fault, const std::string& words) {
    EXPECT_NE(found.at(fault).dump().find(words), std::string::npos)
        << fault << ": " << found.at(fault);
  };
  names("cut", "cut off here");
  names("broken", "a wordily");
  names("overlaps", "overlaps / another");
  names("faint", "faint on what lies below");
  names("small", "small 13.0");
  names("outdented", "outdented as_it_wraps");
  names("sideways", "DIV");
  fs::remove(file);
}

INSTANTIATE_TEST_SUITE_P(Page, Browser,
                         testing::Values(Window{1920, 1080, false},
                                         Window{1920, 1080, true},
                                         Window{1366, 768, false},
                                         Window{500, 900, false}, Window{500, 900, true}),
                         name_of);

}  // namespace
}  // namespace course::page
