#include "present/lesson_screens.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include "author/demo_record.hpp"
#include "catalogue/claims.hpp"
#include "catalogue/files.hpp"
#include "experiments/demo.hpp"
#include "experiments/machine_words.hpp"
#include "experiments/program.hpp"
#include "page/viewer.hpp"
#include "present/results.hpp"

namespace course::present {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr double longest_seconds = 1800;
constexpr int repetitions = 3;

std::string output_of(const fs::path& program, const char* argument) {
  process::Command command;
  command.words = {program.string(), argument};
  const process::Outcome outcome = process::run(command);
  if (outcome.exited_with(0)) return outcome.output;
  throw std::runtime_error(fmt::format("{} {} failed: {}\n{}",
                                       program.filename().string(), argument,
                                       process::words_for(outcome), outcome.output));
}

// Runs it to its end, and hands on all that it has printed each time that it prints more.
void follow(process::Command command, const std::stop_token& stop,
            const std::function<void(const std::string& output)>& on_more) {
  std::string output;
  command.seconds = longest_seconds;
  command.on_output = [&](std::string_view more) {
    output += more;
    on_more(output);
  };
  const process::Outcome outcome = process::run(command, stop);
  if (!outcome.exited_with(0) && !stop.stop_requested())
    throw std::runtime_error(process::words_for(outcome) + "\n" + outcome.output);
}

// What a claim says in plain words; P8b is another experiment for P8.
std::string says(const std::vector<Claim>& claims, const std::string& experiment) {
  const Claim* best = nullptr;
  for (const Claim& claim : claims) {
    const bool fits =
        experiment.starts_with(claim.id) &&
        experiment.find_first_of("0123456789", claim.id.size()) == std::string::npos;
    if (fits && (best == nullptr || claim.id.size() > best->id.size())) best = &claim;
  }
  return best == nullptr ? "" : best->says;
}

// What the lesson's text quotes, if that is up to date.
std::map<std::string, std::string> recorded(const fs::path& folder) {
  try {
    return author::read_demo_record(folder).claims;
  } catch (const Mistake&) {
    return {};
  }
}

// For a regular expression, in which a chart's title is to mean itself.
std::string literal(const std::string& text) {
  std::string out;
  for (const char letter : text) {
    if (std::string_view(R"(\^$.|?*+()[]{})").find(letter) != std::string_view::npos)
      out += '\\';
    out += letter;
  }
  return out;
}

}  // namespace

std::vector<std::string> questions_in(std::string_view text) {
  std::vector<std::string> questions;
  bool inside = false;
  for (const std::string& line : lines_of(text)) {
    if (line.starts_with("## ")) inside = line == "## Predict before you run";
    if (!inside) continue;
    const auto dot = line.find(". ");
    const bool numbered = dot != std::string::npos && dot > 0 &&
                          line.find_first_not_of("0123456789") == dot;
    if (numbered) {
      questions.push_back(line.substr(dot + 2));
    } else if (!questions.empty() && line.starts_with("   ")) {
      questions.back() += " " + std::string(trimmed(line));
    }
  }
  for (std::string& question : questions)
    std::erase_if(question, [](char letter) { return letter == '*' || letter == '`'; });
  return questions;
}

LessonScreens::LessonScreens(const grader::Trees& trees, const Lesson& lesson, bool quick)
    : root_(trees.root()), lesson_(lesson), quick_(quick) {
  demos_["bench"] = experiments::build_program(trees, "bench", lesson, lesson.demo());
  bench_ = experiments::build_program(trees, "bench", lesson, lesson.bench());
  deck_ = {{"title", "Lesson " + lesson.short_number() + ": " + lesson.title()},
           {"machine", experiments::machine_words(trees.tree("bench"))},
           {"quick", quick},
           {"questions", questions_in(read_file(lesson.folder / "README.md"))},
           {"screens", json::array()}};
  add_experiments(trees.root());
  const auto& screens = deck_["screens"];
  const bool explores =
      std::any_of(screens.begin(), screens.end(),
                  [](const json& screen) { return screen.at("kind") == "explored"; });
  if (explores) {
    demos_["interleave"] =
        experiments::build_program(trees, "interleave", lesson, lesson.demo());
  }
  add_benchmarks();
}

void LessonScreens::add_experiments(const fs::path& root) {
  const std::vector<Claim> claims = load_claims(root);
  const auto records = recorded(lesson_.folder);
  for (const auto& one : experiments::parse_list(output_of(demos_["bench"], "--list"))) {
    const auto record = records.find(one.claim);
    deck_["screens"].push_back(
        {{"id", one.claim},
         {"kind", one.kind},
         {"claim", says(claims, one.claim)},
         {"title", one.title},
         {"expected", table_of_record(record == records.end() ? "" : record->second)},
         {"command", fmt::format("autograder/course demo {} {}", lesson_.short_number(),
                                 one.claim)}});
  }
}

void LessonScreens::add_benchmarks() {
  json* last = nullptr;
  std::istringstream names(output_of(bench_, "--benchmark_list_tests"));
  for (std::string name; std::getline(names, name);) {
    const auto slash = name.find('/');
    if (slash == std::string::npos) continue;
    const std::string chart = name.substr(0, slash);
    if (last == nullptr || last->at("title") != chart) {
      deck_["screens"].push_back({{"id", "bench: " + chart},
                                  {"kind", "benchmark"},
                                  {"claim", chart},
                                  {"title", chart},
                                  {"command", fmt::format("autograder/course bench {}",
                                                          lesson_.short_number())}});
      last = &deck_["screens"].back();
    }
  }
}

void LessonScreens::measure(const json& screen,
                            const std::function<void(json result)>& show,
                            const std::stop_token& stop) const {
  if (screen.at("kind") == "benchmark") {
    run_benchmark(screen, show, stop);
  } else {
    run_demo(screen, show, stop);
  }
}

void LessonScreens::run_demo(const json& screen,
                             const std::function<void(json result)>& show,
                             const std::stop_token& stop) const {
  const std::string preset = screen.at("kind") == "explored" ? "interleave" : "bench";
  process::Command command =
      experiments::experiment_command(demos_.at(preset), lesson_, screen.at("id"));
  command.words.emplace_back("--follow");
  if (quick_) command.words.emplace_back("--quick");
  json result;
  follow(command, stop, [&](const std::string& output) {
    result = table_so_far(output);
    show(result);
  });
  const std::string token = result.is_object() ? token_in(result.value("text", "")) : "";
  if (token.empty() || stop.stop_requested()) return;
  const json schedule = schedule_of(screen, token, stop);
  if (schedule.is_null()) return;
  result["schedule"] = schedule;
  show(result);
}

// The schedule that the experiment showed, for the viewer; null where it is told no more.
json LessonScreens::schedule_of(const json& screen, const std::string& token,
                                const std::stop_token& stop) const {
  process::Command command =
      experiments::experiment_command(demos_.at("interleave"), lesson_, screen.at("id"));
  const json record = experiments::replayed_record(std::move(command), token, stop);
  if (record.is_null() || !record.contains("steps")) return nullptr;
  return page::view_of(record, root_,
                       {screen.at("title"), "autograder/course replay " + token});
}

void LessonScreens::run_benchmark(const json& screen,
                                  const std::function<void(json result)>& show,
                                  const std::stop_token& stop) const {
  process::Command command;
  command.words = {bench_.string(), "--benchmark_format=json",
                   fmt::format("--benchmark_filter=^{}/", literal(screen.at("title"))),
                   fmt::format("--benchmark_repetitions={}", quick_ ? 1 : repetitions)};
  if (quick_) command.words.emplace_back("--benchmark_min_time=0.001");
  follow(command, stop, [&](const std::string& output) {
    json result = plot_so_far(output);
    if (!result.is_null()) show(std::move(result));
  });
}

}  // namespace course::present
