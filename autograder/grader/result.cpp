#include "grader/result.hpp"

#include <fmt/format.h>

#include <utility>

namespace course::grader {

std::string warning_line(const reading::Diagnostic& warning) {
  return fmt::format("warning: {}:{}: {}",
                     std::filesystem::path(warning.file).filename().string(),
                     warning.line, warning.message);
}

StageResult environment(Stage stage, const std::string& why) {
  Finding finding;
  finding.verdict = Verdict::environment;
  finding.what = why;
  StageResult result;
  result.stage = stage;
  result.verdict = Verdict::environment;
  result.findings.push_back(std::move(finding));
  return result;
}

Verdict ExerciseResult::verdict() const {
  if (stages.empty()) return Verdict::not_run;
  Verdict all = Verdict::passed;
  for (const auto& stage : stages) all = worse(all, stage.verdict);
  return all;
}

}  // namespace course::grader
