#include "grader/cause.hpp"

#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>
#include <tuple>

#include "catalogue/code.hpp"
#include "catalogue/files.hpp"

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
  const fs::path& file = result.subject.edited_file();
  if (!fs::exists(file)) return 0;
  const std::string code = code_of(read_file(file));
  const std::string used = "\\b" + word[1].str() + "\\b";
  std::smatch found;
  for (const std::string& form : {"\\b(struct|class)\\s+" + used, used}) {
    if (!std::regex_search(code, found, std::regex(form))) continue;
    return static_cast<int>(line_at(code, static_cast<std::size_t>(found.position())));
  }
  return 0;
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
  find_line(result, *cause);
  cause->others = tests.size() - 1;
  return cause;
}

}  // namespace course::grader
