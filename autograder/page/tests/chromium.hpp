// A headless Chromium that a test drives as a person would: pages, keys, pictures.
//
//   Chromium browser;                              Skip the test where !Chromium::is_here().
//   browser.open("file:///…", {1920, 1080, true});
//   browser.press("ArrowRight");
//   browser.evaluate("document.title")             --> JSON
//
// It speaks the browser's own protocol (Chrome DevTools) over a pair of pipes: no port is opened.
//
// Threads     One caller.
// Errors      std::runtime_error where the browser ends, does not answer for 30 s, or a script
//             throws.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace course::page {

struct Window {
  int width;
  int height;
  bool dark;
};

// A hall's screen and a phone, light and dark.
inline constexpr Window hall_and_phone[] = {
    {1920, 1080, false}, {1920, 1080, true}, {390, 844, false}, {390, 844, true}};

// "1920Dark": what a test in that window is called.
[[nodiscard]] inline std::string name_of(const testing::TestParamInfo<Window>& window) {
  return std::to_string(window.param.width) + (window.param.dark ? "Dark" : "Light");
}

class Chromium {
 public:
  // Its program; empty where there is none.
  [[nodiscard]] static std::filesystem::path program();

  Chromium();
  ~Chromium();
  Chromium(const Chromium&) = delete;
  Chromium& operator=(const Chromium&) = delete;

  // Returns once the page and what it needs is loaded.
  void open(const std::string& address, const Window& window);

  // As a key of the keyboard: "ArrowRight", "Home", "p".
  void press(const std::string& key);
  // Into the field that has the focus.
  void type(const std::string& text);

  // The value of an expression in the page; a promise is waited for.
  nlohmann::json evaluate(const std::string& expression);
  // Evaluates again until it is true; false after `seconds`.
  bool becomes_true(const std::string& expression, double seconds = 30);

  void save_picture(const std::filesystem::path& file);

 private:
  nlohmann::json call(const std::string& method, nlohmann::json parameters);
  nlohmann::json receive(double seconds);

  std::filesystem::path folder_;  // of its profile
  ::pid_t process_ = -1;
  int to_ = -1;
  int from_ = -1;
  int last_id_ = 0;
  std::string session_;
  std::string received_;  // after the last whole message
};

// What a person could not read of the page as it is laid out now: an object of lists of texts,
// "cut" off by the box or the window they are in, "broken" inside a word or a date that a line
// has room for, "overlaps", "faint" ones whose contrast is under 4.5 : 1 (WCAG 2.2, level AA),
// "small" ones of under 14 pixels, lines of code "outdented" where they are wrapped; of the
// elements that can be read only "sideways", by scrolling (a <pre> may be); and "texts", how
// many were looked at.
nlohmann::json unreadable_in(Chromium& browser);

inline constexpr const char* all_faults[] = {"cut",   "broken",    "overlaps", "faint",
                                             "small", "outdented", "sideways"};

}  // namespace course::page
