#include "grader/what_next.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace course::grader {
namespace {

namespace fs = std::filesystem;

// The first line of the student's file that a finding names: of those as bad as the whole
// result, else of any.
std::string first_place(const ExerciseResult& result) {
  std::string other = result.subject.edited_file().string();
  const UnwrittenSteps& unwritten = result.subject.unwritten;
  if (result.verdict() == Verdict::not_started && !unwritten.empty()) {
    return fmt::format("{}:{}", other, unwritten.begin()->second);
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
        return fmt::format("fix {}, then {}; stuck? autograder/course hint {}",
                           relative(first_place(result)), command,
                           result.subject.exercise->id);
      case Verdict::not_run:
        return command;
    }
  }
  const bool all_passed =
      std::all_of(results.begin(), results.end(),
                  [](const auto& result) { return passes(result.verdict()); });
  if (results.empty() || !all_passed) return "autograder/course";
  bool after = false;
  for (const Exercise& exercise : course.exercises) {
    if (after && !unwritten_in(exercise.file).empty()) {
      return fmt::format("open {}, then autograder/course grade {}",
                         relative(exercise.file), exercise.id);
    }
    after = after || exercise.id == results.back().subject.exercise->id;
  }
  return "autograder/course";
}

std::string what_next(const Course& course, const std::vector<State>& states) {
  for (const State& state : states) {
    if (state.done) continue;
    const Exercise& exercise = *state.exercise;
    const std::string file = exercise.file.lexically_relative(course.root).string();
    const std::string grade = "autograder/course grade " + exercise.id;
    if (state.name != "not started") return fmt::format("{} ({})", grade, file);
    return fmt::format("read lessons/{}/README.md, open {}, then {}", exercise.lesson,
                       file, grade);
  }
  return states.empty()
             ? "autograder/course author new 01-name starts the first lesson"
             : "all done; autograder/course diff ID shows how the solutions differ";
}

}  // namespace course::grader
