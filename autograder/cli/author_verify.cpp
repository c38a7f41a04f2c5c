#include <fmt/format.h>

#include <cstdio>
#include <random>
#include <utility>

#include "author/equivalents.hpp"
#include "author/inventory.hpp"
#include "author/proof.hpp"
#include "author/workshop_grading.hpp"
#include "catalogue/manifest.hpp"
#include "cli/commands.hpp"
#include "grader/stages.hpp"

namespace course::cli {
namespace {

struct VerifyOptions {
  std::vector<std::string> ids;  // these only
  bool every_stage = false;      // a mutant in each stage that its head names
  bool no_mutants = false;       // starters and solutions
  std::string stage;             // this one; all if empty
  bool json = false;
};

using Exercises = std::vector<const Exercise*>;

// Files first: what is missing there would only show again as a failed build.
std::vector<std::string> faults_of(const Course& course, const Exercises& exercises) {
  std::vector<std::string> faults = author::stale_texts(course.root);
  for (const auto* exercise : exercises) {
    const auto more = author::missing_parts(course, *exercise);
    faults.insert(faults.end(), more.begin(), more.end());
    const auto stale = author::stale_equivalents(course.root, *exercise);
    faults.insert(faults.end(), stale.begin(), stale.end());
  }
  return faults;
}

author::Extent extent_of(const VerifyOptions& options) {
  author::Extent extent;
  if (options.every_stage) extent.mutants = author::MutantStages::every;
  if (options.no_mutants) extent.mutants = author::MutantStages::none;
  extent.only = stage_named(options.stage);
  return extent;
}

author::Proof prove(const Common& common, const VerifyOptions& options,
                    const Course& course, const Exercises& exercises, std::FILE* stream) {
  author::Proof proof;
  proof.faults = faults_of(course, exercises);
  for (const auto& fault : proof.faults) fmt::print(stream, "{}\n", fault);
  fmt::print(stream, "building starters, solutions and mutants …\n");
  std::fflush(stream);

  grader::Workshop workshop(course, grader::Trees(common.root, common.compiler),
                            std::random_device{}());
  author::WorkshopGrading grading(workshop);
  proof.evidence = author::gather_evidence(
      exercises, extent_of(options), grading, [&](const author::Evidence& evidence) {
        fmt::print(stream, "{}\n", author::line_for(evidence));
        std::fflush(stream);
      });
  return proof;
}

// Once more at the end what would scroll away: who reads a log from its end sees it first.
void print_what_does_not_hold(const author::Proof& proof, std::FILE* stream) {
  bool first = true;
  for (const auto& evidence : proof.evidence) {
    if (evidence.standing == author::Standing::holds) continue;
    if (std::exchange(first, false)) fmt::print(stream, "\nwhat does not hold:\n");
    fmt::print(stream, "{}\n", author::line_for(evidence));
  }
}

int verify(const Common& common, const VerifyOptions& options) {
  const Course course = load_course(common.root);
  const Exercises exercises = course.select(options.ids);
  // With JSON on standard output, people read standard error.
  std::FILE* stream = options.json ? stderr : stdout;
  const author::Proof proof = prove(common, options, course, exercises, stream);
  if (options.json) fmt::print("{}\n", proof.json().dump(2));
  print_what_does_not_hold(proof, stream);
  fmt::print(stream, "\n{}{}\n", proof.summary(),
             proof.faults.empty()
                 ? ""
                 : fmt::format(", files at fault {}", proof.faults.size()));
  switch (proof.standing()) {
    case author::Standing::holds:
      return all_passed;
    case author::Standing::inconclusive:
      return environment_error;
    case author::Standing::fails:
      break;
  }
  return something_failed;
}

std::vector<std::string> stage_names() {
  std::vector<std::string> names;
  for (const auto stage : all_stages) names.emplace_back(name_of(stage));
  return names;
}

int author_verify(const Common& common, const VerifyOptions& options) {
  try {
    return verify(common, options);
  } catch (const UnknownId& error) {
    fmt::print(stderr, "course: {}\n", error.what());
    return usage_error;
  } catch (const ManifestError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return something_failed;
  }
}

}  // namespace

void add_author_verify(const CommandLine& line) {
  static VerifyOptions options;
  auto* command =
      line.app.add_subcommand("verify", "Prove starters, solutions and mutants");
  command->add_option("ID", options.ids, "Only these exercises or lessons");
  command->add_option("--stage", options.stage, "Only this stage, such as interleave")
      ->check(CLI::IsMember(stage_names()))
      ->type_name("NAME");
  auto* no_mutants = command->add_flag("--no-mutants", options.no_mutants,
                                       "Only starters and solutions");
  command
      ->add_flag("--every-stage", options.every_stage,
                 "Prove mutants in every stage that they name")
      ->excludes(no_mutants);
  command->add_flag("--json", options.json, "Print JSON");
  command->callback(
      [=] { line.action = [=] { return author_verify(line.common, options); }; });
}

}  // namespace course::cli
