#include "grader/terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>

#include "catalogue/files.hpp"
#include "grader/stages.hpp"

namespace course::grader {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t findings_shown = 3;
constexpr std::size_t warnings_shown = 3;
// Of a longer detail the beginning and the end: what explains a picture stands under it.
constexpr std::size_t detail_lines_shown = 90;
constexpr std::size_t detail_lines_at_start = 30;

const char* colour_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
      return "\033[32m";
    case Verdict::failed:
    case Verdict::tampered:
      return "\033[31m";
    case Verdict::environment:
    case Verdict::inconclusive:
      return "\033[33m";
    case Verdict::not_started:
    case Verdict::not_run:
      return "\033[2m";
  }
  return "";
}

fs::path edited_file(const Subject& subject) {
  return subject.variant == "solution" ? subject.exercise->solution
                                       : subject.exercise->file;
}

// The first line of the student's file that a finding names: of those as bad as the whole
// result, else of any.
std::string first_place(const ExerciseResult& result) {
  std::string other = edited_file(result.subject).string();
  if (const auto left = steps_left(other);
      result.verdict() == Verdict::not_started && !left.empty()) {
    return fmt::format("{}:{}", other, left.begin()->second);
  }
  bool found = false;
  for (const auto& stage : result.stages) {
    for (const auto& finding : stage.findings) {
      const bool own =
          fs::path(finding.file).filename() == result.subject.exercise->file.filename();
      if (finding.line == 0 || !own) continue;
      const std::string place = fmt::format("{}:{}", finding.file, finding.line);
      if (finding.verdict == result.verdict()) return place;
      if (!found) other = place;
      found = true;
    }
  }
  return other;
}

}  // namespace

// "  working on tsan, asan  12 s", rewritten in place; only on a terminal.
class Terminal::Progress {
 public:
  Progress(std::FILE* stream, std::vector<Stage> stages)
      : stream_(stream),
        stages_(std::move(stages)),
        ticker_([this](std::stop_token stop) { run(stop); }) {}

  void done(Stage stage) {
    const std::lock_guard lock(mutex_);
    std::erase(stages_, stage);
    erase();
  }

  ~Progress() {
    ticker_.request_stop();
    ticker_.join();
    erase();
  }

 private:
  void run(const std::stop_token& stop) {
    const auto started = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      changed_.wait_for(lock, stop, std::chrono::milliseconds(500), [] { return false; });
      if (stop.stop_requested() || stages_.empty()) continue;
      std::string names;
      for (const Stage stage : stages_) names += fmt::format(" {}", name_of(stage));
      const std::chrono::duration<double> passed =
          std::chrono::steady_clock::now() - started;
      fmt::print(stream_, "\r\033[K  working on{}  {:.0f} s", names, passed.count());
      std::fflush(stream_);
      drawn_ = true;
    }
  }

  void erase() {
    if (drawn_) fmt::print(stream_, "\r\033[K");
    drawn_ = false;
  }

  std::FILE* stream_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Stage> stages_;  // that are not known yet
  bool drawn_ = false;
  std::jthread ticker_;
};

bool wants_colour(std::FILE* stream) {
  const char* terminal = std::getenv("TERM");
  const char* refused = std::getenv("NO_COLOR");
  return ::isatty(::fileno(stream)) != 0 && (refused == nullptr || *refused == '\0') &&
         terminal != nullptr && std::strcmp(terminal, "dumb") != 0;
}

Terminal::Terminal(std::FILE* stream, bool colour, const Course& course)
    : stream_(stream), colour_(colour), course_(course) {}

Terminal::~Terminal() = default;

std::string Terminal::painted(Verdict verdict, const std::string& text) const {
  return colour_ ? colour_of(verdict) + text + "\033[0m" : text;
}

std::string Terminal::faint(const std::string& text) const {
  return colour_ ? "\033[2m" + text + "\033[0m" : text;
}

std::string Terminal::shown(const fs::path& file) const {
  const fs::path relative = file.lexically_normal().lexically_relative(course_.root);
  return relative.empty() || relative.native().starts_with("..") ? file.string()
                                                                 : relative.string();
}

void Terminal::begin(const Subject& subject) {
  const Exercise& exercise = *subject.exercise;
  fmt::print(stream_, "{} {}  {}\n    {}\n\n", exercise.id, exercise.name, exercise.title,
             shown(edited_file(subject)));
  std::fflush(stream_);
  if (::isatty(::fileno(stream_)) == 0) return;
  std::vector<Stage> stages;
  for (const Stage stage : all_stages) {
    if (applies(stage, exercise)) stages.push_back(stage);
  }
  progress_ = std::make_unique<Progress>(stream_, std::move(stages));
}

void Terminal::concept_line(const std::string& name) {
  if (name.empty()) return;
  const auto known = course_.concepts.find(name);
  if (known == course_.concepts.end()) {
    fmt::print(stream_, "        concept  {}\n", name);
    return;
  }
  fmt::print(stream_, "        concept  {}: {}\n                 {}\n", name,
             known->second.means, known->second.lesson);
}

void Terminal::print_detail(const std::string& detail) {
  const std::vector<std::string> lines = lines_of(detail);
  const std::size_t left_out = lines.size() - std::min(lines.size(), detail_lines_shown);
  for (std::size_t at = 0; at < lines.size(); ++at) {
    if (left_out > 0 && at == detail_lines_at_start) {
      fmt::print(stream_, "          … {} lines, which the report has\n", left_out);
      at += left_out;
    }
    fmt::print(stream_, "{}{}\n", lines[at].empty() ? "" : "          ", lines[at]);
  }
}

void Terminal::finding(const Finding& finding) {
  fmt::print(stream_, "      {}{}\n", finding.test.empty() ? "" : finding.test + ": ",
             finding.what);
  if (finding.line > 0) {
    fmt::print(stream_, "        at       {}:{}\n", shown(finding.file), finding.line);
  }
  print_detail(finding.detail);
  concept_line(finding.concept_name);
  if (!finding.again.empty()) fmt::print(stream_, "        again    {}\n", finding.again);
  if (!finding.report.empty()) {
    fmt::print(stream_, "        report   {}\n", shown(finding.report));
  }
  fmt::print(stream_, "\n");
}

void Terminal::stage(const StageResult& result) {
  if (progress_) progress_->done(result.stage);
  std::string notes;
  std::vector<std::string> warnings;
  for (const auto& note : result.notes) {
    if (note.starts_with("warning: ")) {
      warnings.push_back(note);
    } else {
      notes += "   " + note;
    }
  }
  fmt::print(stream_, "  {:<11} {}  {:>5.1f} s{}\n", name_of(result.stage),
             painted(result.verdict, fmt::format("{:<12}", name_of(result.verdict))),
             result.seconds, faint(notes));
  for (std::size_t at = 0; at < std::min(warnings.size(), warnings_shown); ++at) {
    fmt::print(stream_, "      {}\n", warnings[at]);
  }
  if (warnings.size() > warnings_shown) {
    fmt::print(stream_, "      and {} more warnings\n", warnings.size() - warnings_shown);
  }
  for (std::size_t at = 0; at < std::min(result.findings.size(), findings_shown); ++at) {
    finding(result.findings[at]);
  }
  if (result.findings.size() > findings_shown) {
    fmt::print(stream_, "      and {} more; mend these first\n\n",
               result.findings.size() - findings_shown);
  }
  std::fflush(stream_);
}

void Terminal::promise(const Promise& promise) {
  const std::string points =
      promise.measured() ? fmt::format("{}/{}", promise.points(), promise.of) : "-";
  fmt::print(stream_, "  {:<11} {}  {:>7}  {}\n", heading_of(promise),
             painted(promise.verdict, fmt::format("{:<12}", name_of(promise.verdict))),
             points, promise.title);
}

void Terminal::end(const ExerciseResult& result) {
  progress_.reset();
  const Verdict verdict = result.verdict();
  const bool gap = !result.stages.empty() && !result.stages.back().findings.empty();
  if (!gap) fmt::print(stream_, "\n");  // a finding ends with one
  for (const auto& one : result.promises) promise(one);
  fmt::print(stream_, "\n  {}  {}\n\n", painted(verdict, std::string(name_of(verdict))),
             words_for(points_of(result.promises)));
  if (verdict == Verdict::inconclusive) {
    fmt::print(
        stream_,
        "  This machine could not tell how fast it is. Close other programs and run "
        "it again.\n\n");
  }
  std::fflush(stream_);
}

void Terminal::next(const std::vector<ExerciseResult>& results) {
  fmt::print(stream_, "next: {}\n", what_next(course_, results));
  std::fflush(stream_);
}

void Terminal::say(const std::string& sentence) {
  fmt::print(stream_, "{}\n", sentence);
  std::fflush(stream_);
}

std::string grade_command(const Subject& subject) {
  return std::string("autograder/course grade ") +
         (subject.variant == "solution" ? "--answers " : "") + subject.exercise->id;
}

std::string what_next(const Course& course, const std::vector<ExerciseResult>& results) {
  const auto relative = [&](const std::string& place) {
    return fs::path(place).lexically_normal().lexically_relative(course.root).string();
  };
  for (const auto& result : results) {
    const std::string command = grade_command(result.subject);
    switch (result.verdict()) {
      case Verdict::passed:
      case Verdict::inconclusive:
        continue;
      case Verdict::environment:
        return "autograder/course doctor";
      case Verdict::tampered:
        return "let a person look at it; then " + command;
      case Verdict::not_started:
        return fmt::format("open {}, then {}", relative(first_place(result)), command);
      case Verdict::failed:
        return fmt::format("mend {}, then {}; stuck? autograder/course hint {}",
                           relative(first_place(result)), command,
                           result.subject.exercise->id);
      case Verdict::not_run:
        return command + " once the missing stages are built";
    }
  }
  const bool all_passed =
      std::all_of(results.begin(), results.end(),
                  [](const auto& result) { return passes(result.verdict()); });
  if (results.empty() || !all_passed) return "autograder/course";
  bool after = false;
  for (const Exercise& exercise : course.exercises) {
    if (after && !steps_left(exercise.file).empty()) {
      return fmt::format("open {}, then autograder/course grade {}",
                         relative(exercise.file), exercise.id);
    }
    after = after || exercise.id == results.back().subject.exercise->id;
  }
  return "autograder/course";
}

}  // namespace course::grader
