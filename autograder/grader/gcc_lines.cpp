#include "grader/gcc_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "grader/cause.hpp"

namespace course::grader {
namespace {

namespace fs = std::filesystem;

// Where the line's own text begins, from 1: which part of it is wrong is not known.
std::size_t column_of(const fs::path& file, int line) {
  std::ifstream in(file);
  std::string text;
  for (int number = 0; number < line; ++number) {
    if (!std::getline(in, text)) return 1;
  }
  const auto first = text.find_first_not_of(" \t");
  return first == std::string::npos ? 1 : first + 1;
}

std::string gcc_line(const fs::path& file, int line, std::string_view severity,
                     std::string message) {
  std::replace(message.begin(), message.end(), '\n', ' ');
  return fmt::format("{}:{}:{}: {}: {}\n", file.string(), line, column_of(file, line),
                     severity, message);
}

std::string finding_line(const ExerciseResult& result, const Cause& cause) {
  const Finding& finding = *cause.finding;
  std::string message = heading_of(cause) + ": " + finding.what;
  if (!finding.test.empty()) message += " [" + finding.test + "]";
  return gcc_line(file_to_open(result, cause.line > 0 ? cause.file : ""),
                  std::max(cause.line, 1), "error", std::move(message));
}

bool is_error(Verdict verdict) {
  return verdict == Verdict::failed || verdict == Verdict::tampered;
}

}  // namespace

std::string gcc_lines(const ExerciseResult& result) {
  std::string lines;
  std::set<std::string> told;  // tests; a finding without one is the stage's own
  // What a terminal tells comes first, so that an editor stops at the same line.
  const std::optional<Cause> cause = cause_of(result);
  if (cause && is_error(cause->finding->verdict)) {
    lines += finding_line(result, *cause);
    told.insert(cause->finding->test);
  }
  for (const StageResult& stage : result.stages) {
    for (const auto& warning : stage.warnings)
      lines += gcc_line(file_to_open(result, warning.file), std::max(warning.line, 1),
                        "warning", warning.message);
    for (const Finding& finding : stage.findings) {
      const bool is_cause = cause && &finding == cause->finding;
      const bool is_new = finding.test.empty() || told.insert(finding.test).second;
      if (is_error(finding.verdict) && is_new && !is_cause)
        lines += finding_line(result, cause_for(result, finding, stage.stage));
    }
  }
  for (const auto& [step, line] : result.subject.unwritten) {
    lines += gcc_line(result.subject.edited_file(), line, "warning",
                      fmt::format("step {} is still to be written", step));
  }
  return lines;
}

}  // namespace course::grader
