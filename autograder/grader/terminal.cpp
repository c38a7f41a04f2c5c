#include "grader/terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "catalogue/files.hpp"
#include "grader/stages.hpp"
#include "grader/ticker.hpp"
#include "grader/what_next.hpp"

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

}  // namespace

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
             shown(subject.edited_file()));
  std::fflush(stream_);
  if (::isatty(::fileno(stream_)) == 0) return;
  std::vector<Stage> stages;
  for (const Stage stage : all_stages) {
    if (applies(stage, exercise)) stages.push_back(stage);
  }
  ticker_ = std::make_unique<Ticker>(stream_, std::move(stages));
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
  Ticker::Silence silence;
  if (ticker_) silence = ticker_->silence_for(result.stage);
  std::string notes;
  for (const auto& note : result.notes) notes += "   " + note;
  fmt::print(stream_, "  {:<11} {}  {:>5.1f} s{}\n", name_of(result.stage),
             painted(result.verdict, fmt::format("{:<12}", name_of(result.verdict))),
             result.seconds, faint(notes));
  for (std::size_t at = 0; at < std::min(result.warnings.size(), warnings_shown); ++at) {
    fmt::print(stream_, "      {}\n", warning_line(result.warnings[at]));
  }
  if (result.warnings.size() > warnings_shown) {
    fmt::print(stream_, "      and {} more warnings\n",
               result.warnings.size() - warnings_shown);
  }
  for (std::size_t at = 0; at < std::min(result.findings.size(), findings_shown); ++at) {
    finding(result.findings[at]);
  }
  if (result.findings.size() > findings_shown) {
    fmt::print(stream_, "      and {} more; fix these first\n\n",
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
  ticker_.reset();
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

}  // namespace course::grader
