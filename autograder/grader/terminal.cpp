#include "grader/terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "catalogue/files.hpp"
#include "grader/cause.hpp"
#include "grader/stages.hpp"
#include "grader/ticker.hpp"
#include "grader/what_next.hpp"
#include "grader/wrapping.hpp"
#include "reading/readable.hpp"

namespace course::grader {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t warnings_shown = 3;

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

// "1, 3 and 4"
std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t at = 0; at < words.size(); ++at) {
    const bool last = at + 1 == words.size();
    text += (at == 0 ? "" : last ? " and " : ", ") + words[at];
  }
  return text;
}

// "  step 1    0/25  its title", in as many lines as that takes.
std::string titled_line(const Promise& promise) {
  const std::string points =
      promise.measured() ? fmt::format("{}/{}", promise.points(), promise.of) : "-";
  const std::string line = fmt::format("  {:<7} {:>6}  ", heading_of(promise), points);
  const bool usual =
      promise.verdict == Verdict::passed || promise.verdict == Verdict::failed;
  const std::string title =
      promise.title + (usual ? "" : fmt::format(" ({})", name_of(promise.verdict)));
  std::string text = wrapped(title, line.size());
  text.replace(0, line.size(), line);
  return text;
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

// What is to be known of a stage that is no failure: why it was not run, what it measured,
// and why it could not.
void Terminal::notes(const StageResult& result) {
  for (const std::string& note : result.notes) {
    fmt::print(stream_, "{}", faint(reading::harmless(wrapped(note, 6))));
  }
  for (const Finding& finding : result.findings) {
    if (finding.verdict != Verdict::inconclusive) continue;
    fmt::print(stream_, "{}", wrapped(finding.test + ": " + finding.what, 6));
  }
}

void Terminal::stage(const StageResult& result) {
  Ticker::Silence silence;
  if (ticker_) silence = ticker_->silence_for(result.stage);
  if (result.verdict == Verdict::not_run) return;  // its promises say so
  fmt::print(stream_, "  {:<11} {}  {:>5.1f} s\n", name_of(result.stage),
             painted(result.verdict, fmt::format("{:<12}", name_of(result.verdict))),
             result.seconds);
  for (std::size_t at = 0; at < std::min(result.warnings.size(), warnings_shown); ++at) {
    fmt::print(stream_, "{}",
               reading::harmless(wrapped(warning_line(result.warnings[at]), 6)));
  }
  if (result.warnings.size() > warnings_shown) {
    fmt::print(stream_, "      and {} more warnings\n",
               result.warnings.size() - warnings_shown);
  }
  if (result.verdict == Verdict::environment) notes(result);
  std::fflush(stream_);
}

// Where to read about it, the command that shows it again, and all that was said, where that
// command does not show it.
std::string Terminal::links(const ExerciseResult& result, const Cause& cause) const {
  const Finding& finding = *cause.finding;
  std::string text;
  const auto known = course_.concepts.find(finding.concept_name);
  if (known != course_.concepts.end()) {
    text += fmt::format("    read    {}\n", known->second.lesson);
  }
  if (finding.verdict == Verdict::failed && cause.stage != Stage::build) {
    text += fmt::format("    again   {}\n", command_to_see(result.subject, finding));
  }
  if (!finding.report.empty() && finding.token.empty()) {
    text += folded("all     " + shown(finding.report), 4)[0] + "\n";
  }
  return text;
}

// The cause, as much of it as the rest leaves room for in view, and the rest.
std::string Terminal::failure(const ExerciseResult& result) const {
  const std::size_t below = lines_of(next_line({result})).size() + 1;
  const std::optional<Cause> cause = cause_of(result);
  if (!cause) return "\n" + promises(result, lines_in_view - below);
  const std::string links = this->links(result, *cause);
  const auto room = [&](const std::string& text) {
    const std::size_t used = lines_of(links).size() + lines_of(text).size() + below + 1;
    return lines_in_view > used ? lines_in_view - used : 0;
  };
  std::string text = told(*cause, room(promises(result, 0)));
  const std::string rest = promises(result, room(text));
  const std::string heading = heading_of(*cause);
  text.replace(text.find(heading), heading.size(),
               painted(cause->finding->verdict, heading));
  return "\n" + text + links + "\n" + rest;
}

// As many titles as fit into `room` lines beside the sum, however few those are.
std::string Terminal::promises(const ExerciseResult& result, std::size_t room) const {
  std::size_t titles = result.promises.size();
  std::string text = promises_with(titles, result);
  while (titles > 0 && lines_of(text).size() > room) {
    text = promises_with(--titles, result);
  }
  return text + "\n";
}

// Of what was not kept each, the first with their titles; of the rest the names alone, as of what
// was kept beside a failure.
std::string Terminal::promises_with(std::size_t titles,
                                    const ExerciseResult& result) const {
  const Verdict verdict = result.verdict();
  std::vector<std::string> kept;
  std::vector<std::string> broken;
  std::vector<std::string> not_run;
  std::string text;
  for (const Promise& one : result.promises) {
    const std::string name =
        one.kind == Promise::Kind::step ? heading_of(one) : one.title;
    if (!passes(verdict) && one.verdict == Verdict::passed) {
      kept.push_back(name);
    } else if (!passes(verdict) && one.verdict == Verdict::not_run) {
      not_run.push_back(name);
    } else if (result.stages.front().verdict == Verdict::failed) {
      continue;  // nothing was built
    } else if (titles == 0) {
      broken.push_back(name);
    } else {
      --titles;
      text += titled_line(one);
    }
  }
  std::string words =
      fmt::format("{}  {}", name_of(verdict), words_for(points_of(result.promises)));
  if (!broken.empty()) words += "; not kept either: " + listed(broken);
  if (!kept.empty()) words += "; kept: " + listed(kept);
  if (!not_run.empty()) words += "; not measured yet: " + listed(not_run);
  std::string sum = wrapped(words, 2);
  sum.replace(2, name_of(verdict).size(),
              painted(verdict, std::string(name_of(verdict))));
  return text + sum;
}

void Terminal::end(const ExerciseResult& result) {
  ticker_.reset();
  const Verdict verdict = result.verdict();
  if (passes(verdict)) {
    for (const StageResult& stage : result.stages) notes(stage);
    fmt::print(stream_, "\n{}", promises(result, lines_in_view));
  } else {
    fmt::print(stream_, "{}", failure(result));
  }
  if (verdict == Verdict::passed && result.subject.variant == "student") {
    const Exercise& exercise = *result.subject.exercise;
    fmt::print(stream_, "  In the solution:\n{}", wrapped(exercise.otherwise, 2));
    fmt::print(stream_, "  autograder/course diff {}\n\n", exercise.id);
  }
  std::fflush(stream_);
}

std::string Terminal::next_line(const std::vector<ExerciseResult>& results) const {
  return wrapped("next: " + what_next(course_, results), 0);
}

void Terminal::next(const std::vector<ExerciseResult>& results) {
  fmt::print(stream_, "{}", next_line(results));
  std::fflush(stream_);
}

void Terminal::say(const std::string& sentence) {
  fmt::print(stream_, "{}\n", sentence);
  std::fflush(stream_);
}

std::string printed(const ExerciseResult& result, const Course& course) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* stream = ::open_memstream(&text, &size);
  {
    Terminal terminal(stream, false, course);
    terminal.begin(result.subject);
    for (const StageResult& stage : result.stages) terminal.stage(stage);
    terminal.end(result);
    terminal.next({result});
  }
  std::fclose(stream);
  std::string all(text, size);
  std::free(text);
  return all;
}

}  // namespace course::grader
