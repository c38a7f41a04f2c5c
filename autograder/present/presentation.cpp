#include "present/presentation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "catalogue/files.hpp"
#include "experiments/machine_words.hpp"
#include "page/assets.hpp"
#include "page/colours.hpp"
#include "page/plot.hpp"
#include "page/viewer.hpp"

namespace course::present {
namespace {

using nlohmann::json;

constexpr std::size_t most_guesses = 500;

json read_kept(const std::filesystem::path& file) {
  std::ifstream in(file);
  const json kept = json::parse(in, nullptr, false);
  return kept.is_object() ? kept : json::object();
}

bool is_text_list(const json& value) {
  return value.is_array() && value.size() <= most_guesses &&
         std::all_of(value.begin(), value.end(),
                     [](const json& one) { return one.is_string(); });
}

}  // namespace

Presentation::Presentation(json deck, std::filesystem::path kept, Measure measure)
    : deck_(std::move(deck)),
      file_(std::move(kept)),
      measure_(std::move(measure)),
      kept_(read_kept(file_)),
      run_{{"state", "none"}} {}

Presentation::~Presentation() { stop(); }

const json* Presentation::screen_of(const std::string& id) const {
  for (const json& screen : deck_.at("screens")) {
    if (screen.at("id") == id) return &screen;
  }
  return nullptr;
}

Presentation::Started Presentation::start(const std::string& id) {
  const std::lock_guard starting(start_);
  const json* screen = screen_of(id);
  if (screen == nullptr) return Started::unknown_screen;
  {
    const std::lock_guard lock(mutex_);
    if (run_.at("state") == "running") return Started::busy;
    run_ = {{"screen", id}, {"state", "running"}, {"result", nullptr}, {"message", ""}};
    began_ = std::chrono::steady_clock::now();
  }
  runner_ =
      std::jthread([this, screen](const std::stop_token& stop) { run(*screen, stop); });
  return Started::yes;
}

void Presentation::stop() {
  const std::lock_guard starting(start_);
  runner_.request_stop();
}

void Presentation::run(const json& screen, const std::stop_token& stop) {
  const auto show = [this](json result) {
    const std::lock_guard lock(mutex_);
    run_["result"] = std::move(result);
  };
  try {
    measure_(screen, show, stop);
    end(screen, stop.stop_requested() ? "stopped" : "done", "");
  } catch (const std::exception& error) {
    end(screen, stop.stop_requested() ? "stopped" : "failed", error.what());
  }
}

void Presentation::end(const json& screen, const std::string& state,
                       const std::string& message) {
  const std::lock_guard lock(mutex_);
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - began_;
  run_["seconds"] = passed.count();
  run_["message"] = message;
  if (state == "done") {
    run_["result"]["date"] = experiments::today();
    kept_[screen.at("id").get<std::string>()]["result"] = run_["result"];
    write_kept();
  }
  run_["state"] = state;
}

json Presentation::last_run() const {
  const std::lock_guard lock(mutex_);
  json now = run_;
  if (now.at("state") == "running") {
    const std::chrono::duration<double> passed =
        std::chrono::steady_clock::now() - began_;
    now["seconds"] = passed.count();
  }
  return now;
}

bool Presentation::keep_guesses(const json& entry) {
  const bool whole = entry.is_object() && entry.contains("screen") &&
                     entry["screen"].is_string() && entry.contains("guesses") &&
                     is_text_list(entry["guesses"]) && entry.contains("target") &&
                     entry["target"].is_string() && screen_of(entry["screen"]) != nullptr;
  if (!whole) return false;
  const std::lock_guard lock(mutex_);
  json& kept = kept_[entry["screen"].get<std::string>()];
  kept["target"] = entry["target"];
  kept["guesses"] = entry["guesses"];
  write_kept();
  return true;
}

void Presentation::write_kept() const { write_file(file_, kept_.dump(2) + "\n"); }

std::string Presentation::page(bool saved) const {
  json data = deck_;
  data["saved"] = saved;
  {
    const std::lock_guard lock(mutex_);
    data["kept"] = kept_;
  }
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>\n{}{}{}</style>\n</head>\n<body>\n"
      "<script type=\"application/json\" id=\"deck\">{}</script>\n"
      "<script>\n{}\n{}</script>\n</body>\n</html>\n",
      page::escaped(deck_.at("title").get<std::string>()), page::colours(),
      page::viewer_style(), page::present_css, page::json_in_html(data),
      page::viewer_script(), page::present_js);
}

}  // namespace course::present
