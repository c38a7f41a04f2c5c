#include "author/workshop_grading.hpp"

#include <fmt/format.h>

#include "grader/terminal.hpp"

namespace course::author {
namespace {

std::string words_for(const reading::Diagnostic& error) {
  if (error.line == 0) return error.message;
  return fmt::format("{}:{}: {}", error.file, error.line, error.message);
}

}  // namespace

std::map<std::string, std::string> WorkshopGrading::build(
    std::string_view preset, const std::vector<grader::Subject>& subjects) {
  const auto build_some = [&](const std::vector<std::string>& targets,
                              const grader::Subject& blamed) {
    const auto file = blamed.file(workshop_.trees.tree(preset));
    return grader::build(workshop_.trees, preset, targets, file, workshop_.cores,
                         workshop_.stop);
  };
  std::vector<std::string> targets;
  for (const auto& subject : subjects) targets.push_back(subject.target());
  if (build_some(targets, subjects.front()).built) return {};

  std::map<std::string, std::string> unbuilt;
  for (const auto& subject : subjects) {
    const grader::BuildResult result = build_some({subject.target()}, subject);
    if (!result.built) unbuilt[subject.target()] = words_for(result.error.first);
  }
  return unbuilt;
}

grader::StageResult WorkshopGrading::run(Stage stage, const grader::Subject& subject,
                                         const std::vector<std::string>& only) {
  const auto tree = workshop_.trees.tree(preset_of(stage));
  return grader::run_stage(stage, with_unwritten_steps(subject, tree), workshop_, only);
}

bool WorkshopGrading::applies(Stage stage, const Exercise& exercise) const {
  return grader::applies(stage, exercise);
}

std::string WorkshopGrading::printed(const grader::ExerciseResult& result) const {
  grader::ExerciseResult of_a_student = result;
  of_a_student.subject.variant = "student";
  return grader::printed(of_a_student, workshop_.course);
}

unsigned WorkshopGrading::side_by_side() const { return workshop_.cores; }

}  // namespace course::author
