#include "grader/stages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <regex>

#include "catalogue/files.hpp"
#include "gate/gate.hpp"
#include "gate/program.hpp"
#include "grader/cost_stage.hpp"
#include "grader/gate_stage.hpp"
#include "grader/look.hpp"
#include "grader/test_stage.hpp"
#include "machine/usable_cores.hpp"

namespace course::grader {
namespace {

namespace fs = std::filesystem;

Finding build_finding(const reading::BuildError& error) {
  Finding finding;
  finding.verdict = error.environment ? Verdict::environment : Verdict::failed;
  finding.what = error.first.message;
  static const std::regex no_copy(
      R"(use of deleted function [^(]*\(const |deleted (copy )?constructor)");
  if (std::regex_search(finding.what, no_copy)) {
    finding.what += "; what is copied here may be of a type that can only be moved";
  }
  finding.detail = error.first.excerpt;
  finding.file = error.first.file;
  finding.line = error.first.line;
  return finding;
}

// What is wrong with what was built, or with what kept it from being built. Where only the
// linker failed, what the object was found to hold says why in better words.
std::vector<Finding> findings_in(const BuildResult& built, const Subject& subject,
                                 const Workshop& workshop, std::string_view preset) {
  const bool compiled = built.built || (!built.error.environment &&
                                        was_compiled(subject, workshop.trees, preset));
  std::vector<Finding> findings;
  if (compiled) findings = look_at(subject, workshop.trees, preset);
  if (!built.built && findings.empty()) findings.push_back(build_finding(built.error));
  return findings;
}

std::unique_ptr<gate::Judge> judge_on(const std::vector<unsigned>& gate_cores) {
  return std::make_unique<gate::Judge>(gate::program_runner(gate_cores),
                                       static_cast<unsigned>(gate_cores.size()));
}

}  // namespace

void Hangs::forget(const std::string& target) {
  const std::scoped_lock lock(mutex_);
  tests_.erase(target);
}

void Hangs::note(const std::string& target, const std::string& test) {
  const std::scoped_lock lock(mutex_);
  tests_[target].insert(test);
}

bool Hangs::known(const std::string& target, const std::string& test) const {
  const std::scoped_lock lock(mutex_);
  const auto found = tests_.find(target);
  return found != tests_.end() && found->second.contains(test);
}

Workshop::Workshop(const Course& course_in, Trees trees_in, std::uint64_t seed_in)
    : course(course_in),
      trees(trees_in),
      seed(seed_in),
      cores(machine::usable_cores()),
      sanitizers(trees_in),
      judge(judge_on(machine::gate_cores())) {}

Workshop::~Workshop() = default;

StageResult run_build_stage(const Subject& subject, Workshop& workshop) {
  StageResult result;
  result.stage = Stage::build;
  const fs::path tree = workshop.trees.tree(preset_of(Stage::unit));
  const fs::path file = subject.file(tree);
  if (subject.variant != "student" || fs::exists(file)) {
    const BuildResult built =
        build(workshop.trees, preset_of(Stage::unit), {subject.target()}, file,
              workshop.cores, workshop.stop);
    result.seconds = built.seconds;
    result.verdict = Verdict::passed;
    result.warnings = reading::warnings_in(built.output, file, tree);
    result.findings = findings_in(built, subject, workshop, preset_of(Stage::unit));
    for (const Finding& finding : result.findings) {
      result.verdict = worse(result.verdict, finding.verdict);
    }
    return result;
  }
  Finding finding;
  finding.what = "there is no " +
                 file.lexically_relative(workshop.trees.root()).string() +
                 ": put the starter back with `autograder/course reset " +
                 subject.exercise->id + "`";
  result.verdict = Verdict::failed;
  result.findings.push_back(std::move(finding));
  return result;
}

std::optional<StageResult> unbuilt(Stage stage, const BuildResult& built,
                                   const Subject& subject, const Workshop& workshop) {
  StageResult result;
  result.stage = stage;
  result.seconds = built.seconds;
  result.verdict = Verdict::passed;
  result.findings = findings_in(built, subject, workshop, preset_of(stage));
  if (result.findings.empty()) return std::nullopt;
  for (const Finding& finding : result.findings) {
    result.verdict = worse(result.verdict, finding.verdict);
  }
  return result;
}

bool is_chosen(const std::string& name, const std::vector<std::string>& only) {
  return only.empty() || std::find(only.begin(), only.end(), name) != only.end();
}

StageResult run_stage(Stage stage, const Subject& subject, Workshop& workshop,
                      const std::vector<std::string>& only) {
  if (stage == Stage::build) return run_build_stage(subject, workshop);
  const fs::path program = program_of(workshop.trees, stage, subject);
  if (!is_whole_program(program)) {
    return environment(stage, "the build left no whole program at " + program.string() +
                                  ": make room on the disk and run this again");
  }
  if (stage == Stage::cost) return run_cost_stage(subject, workshop, only);
  if (stage == Stage::gate) return run_gate_stage(subject, workshop, only);
  return run_test_stage(stage, subject, workshop, only);
}

bool applies(Stage stage, const Exercise& exercise) {
  if (stage == Stage::cost) return !exercise.costs.empty();
  if (stage == Stage::gate) return !exercise.gates.empty();
  return true;
}

}  // namespace course::grader
