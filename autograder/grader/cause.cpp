#include "grader/cause.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <tuple>

#include "catalogue/code.hpp"
#include "catalogue/files.hpp"
#include "grader/wrapping.hpp"
#include "reading/readable.hpp"

namespace course::grader {
namespace {

namespace fs = std::filesystem;

// How much a finding of `stage` says about its cause; the smaller the more.
int evidence(Stage stage, const Finding& finding) {
  if (stage == Stage::build || finding.of_control || finding.test.empty()) return 0;
  switch (stage) {
    case Stage::interleave:
      return finding.brief.empty() ? 4 : 1;  // no schedule in particular
    case Stage::tsan:
    case Stage::asan:
      return finding.line > 0 ? 2 : 4;
    case Stage::unit:
      return finding.hung ? 5 : 3;
    case Stage::cost:
      return 6;
    default:
      return 7;
  }
}

// The line that declares, or first uses, a word that the finding puts between backticks; 0 if
// there is none.
int line_spoken_of(const ExerciseResult& result, const Finding& finding) {
  static const std::regex quoted("`([A-Za-z_]\\w*)`");
  const std::string said = finding.what + "\n" + finding.detail;
  std::smatch word;
  if (!std::regex_search(said, word, quoted)) return 0;
  const std::string used = "\\b" + word[1].str() + "\\b";
  const fs::path& file = result.subject.edited_file();
  const int declared = first_line_with(std::regex("\\b(struct|class)\\s+" + used), file);
  return declared > 0 ? declared : first_line_with(std::regex(used), file);
}

// Of `first`'s line, where the stage saw more than one concept: the first finding of the one that
// most tests saw. They are one mistake, and what a test of one thread sees of it is the least.
const Finding* seen_by_most(const StageResult& stage, const Finding& first) {
  std::map<std::string, std::size_t> tests;
  const auto is_there = [&](const Finding& finding) {
    return first.line > 0 && finding.line == first.line && finding.file == first.file &&
           finding.verdict == first.verdict && !finding.brief.empty();
  };
  for (const Finding& finding : stage.findings) {
    if (is_there(finding)) ++tests[finding.concept_name];
  }
  const Finding* most = &first;
  for (const Finding& finding : stage.findings) {
    const bool more = tests[finding.concept_name] > tests[most->concept_name];
    if (is_there(finding) && more) most = &finding;
  }
  return most;
}

int step_of(const Exercise& exercise, const std::string& test) {
  for (const Step& step : exercise.steps) {
    for (const Test& one : step.tests) {
      if (one.name == test) return step.number;
    }
  }
  return static_cast<int>(exercise.steps.size()) + 1;
}

bool is_own(const ExerciseResult& result, const Finding& finding) {
  return finding.line > 0 &&
         fs::path(finding.file).filename() == result.subject.exercise->file.filename();
}

void find_line(const ExerciseResult& result, Cause& cause) {
  cause.file = cause.finding->file;
  cause.line = cause.finding->line;
  if (is_own(result, *cause.finding)) return;
  for (const StageResult& stage : result.stages) {
    for (const Finding& finding : stage.findings) {
      if (finding.test != cause.finding->test || !is_own(result, finding)) continue;
      cause.file = finding.file;
      cause.line = finding.line;
      return;
    }
  }
  if (const int line = line_spoken_of(result, *cause.finding); line > 0) {
    cause.file = result.subject.edited_file();
    cause.line = line;
  }
}

constexpr std::size_t detail_lines_shown = 10;

std::string words_for_others(std::size_t others) {
  if (others == 0) return "";
  return others == 1 ? "   and 1 more" : fmt::format("   and {} more", others);
}

// A picture, or a compiler's excerpt, keeps its columns; words are wrapped.
std::vector<std::string> detail_of(const Finding& finding, Stage stage) {
  if (!finding.brief.empty()) return folded(finding.brief, 4);
  if (stage == Stage::build || finding.hung) return folded(finding.detail, 4);
  std::vector<std::string> all;
  for (const std::string& line : lines_of(finding.detail)) {
    if (trimmed(line).empty()) continue;
    for (std::string& piece : lines_of(wrapped(line, 4))) all.push_back(std::move(piece));
  }
  return all;
}

// A word that is longer than a line, such as a path, is cut. A tab's width is the terminal's to
// choose.
std::string shown(const std::string& text) {
  std::string plain = reading::harmless(text);
  std::replace(plain.begin(), plain.end(), '\t', ' ');
  std::string all;
  for (const std::string& line : folded(plain, 0)) all += line + "\n";
  return all;
}

// A sentence, or as much as is read of a flood.
std::string sentence(const std::string& text) {
  constexpr std::size_t most_lines = 6;
  std::vector<std::string> lines = lines_of(wrapped(text, 4));
  if (lines.size() > most_lines) {
    lines.resize(most_lines);
    lines.back() += " …";
  }
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all;
}

}  // namespace

std::optional<Cause> cause_of(const ExerciseResult& result) {
  const Verdict verdict = result.verdict();
  std::optional<Cause> cause;
  std::tuple<int, int> least;
  std::set<std::string> tests;
  for (const StageResult& stage : result.stages) {
    for (const Finding& finding : stage.findings) {
      if (finding.verdict != verdict) continue;
      tests.insert(finding.test);
      const int step = stage.stage == Stage::cost  // which has them in order
                           ? 0
                           : step_of(*result.subject.exercise, finding.test);
      const std::tuple rank{evidence(stage.stage, finding), step};
      if (cause && rank >= least) continue;
      cause = Cause{&finding, stage.stage, {}, 0, 0};
      least = rank;
    }
  }
  if (!cause) return cause;
  for (const StageResult& stage : result.stages) {
    if (stage.stage == cause->stage)
      cause->finding = seen_by_most(stage, *cause->finding);
  }
  find_line(result, *cause);
  cause->others = tests.size() - 1;
  return cause;
}

Cause cause_for(const ExerciseResult& result, const Finding& finding, Stage stage) {
  Cause cause{&finding, stage, {}, 0, 0};
  find_line(result, cause);
  return cause;
}

fs::path file_to_open(const ExerciseResult& result, const std::string& named) {
  const fs::path& own = result.subject.edited_file();
  const bool is_own = named.empty() || fs::path(named).filename() == own.filename();
  return is_own ? own : fs::path(named);
}

std::string heading_of(const Cause& cause) {
  const Finding& finding = *cause.finding;
  if (!finding.concept_name.empty()) return finding.concept_name;
  if (finding.verdict != Verdict::failed) return std::string(name_of(finding.verdict));
  return cause.stage == Stage::build ? "does not compile" : "failed";
}

std::string head_of(const Cause& cause) {
  const Finding& finding = *cause.finding;
  std::string test = finding.test.empty() ? "" : "   " + finding.test;
  if (finding.verdict == Verdict::not_started) test.clear();
  std::string text =
      folded(heading_of(cause) + test + words_for_others(cause.others), 2)[0];
  text += "\n";
  text += sentence(finding.what);
  if (cause.line > 0) {
    text += fmt::format("    {}:{}   {}\n", fs::path(cause.file).filename().string(),
                        cause.line, source_at(cause.file, cause.line));
  }
  return shown(text);
}

std::string told(const Cause& cause, std::size_t room) {
  const Finding& finding = *cause.finding;
  std::string text = head_of(cause);
  const std::size_t used = lines_of(text).size() + 2;  // and two that are empty
  std::vector<std::string> lines = detail_of(finding, cause.stage);
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  const std::size_t left = room > used ? room - used : 0;
  lines.resize(std::min({lines.size(), detail_lines_shown, left}));
  if (!lines.empty()) text += "\n";
  for (const std::string& line : lines) text += line + "\n";
  if (!lines.empty()) text += "\n";
  return shown(text);
}

}  // namespace course::grader
