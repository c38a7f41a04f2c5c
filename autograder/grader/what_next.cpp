#include "grader/what_next.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "grader/cause.hpp"
#include "grader/wrapping.hpp"

namespace course::grader {
namespace {

namespace fs = std::filesystem;

// The line to look at first, or the file where no line of it is known.
std::string first_place(const ExerciseResult& result) {
  const std::string own = result.subject.edited_file().string();
  const UnwrittenSteps& unwritten = result.subject.unwritten;
  if (result.verdict() == Verdict::not_started && !unwritten.empty()) {
    return fmt::format("{}:{}", own, unwritten.begin()->second);
  }
  const std::optional<Cause> cause = cause_of(result);
  const bool known = cause && cause->line > 0 &&
                     fs::path(cause->file).filename() == fs::path(own).filename();
  // The cause's file may be a relative path, as a compiler was given it.
  return known ? fmt::format("{}:{}", own, cause->line) : own;
}

}  // namespace

std::string grade_command(const Subject& subject) {
  return std::string("autograder/course grade ") +
         (subject.variant == "solution" ? "--answers " : "") + subject.exercise->id;
}

std::string replay_command(const Subject& subject, const std::string& what) {
  return "autograder/course replay " + what +
         (subject.variant == "student" ? "" : " --of " + subject.variant);
}

std::string command_to_see(const Subject& subject, const Finding& finding) {
  return finding.token.empty() ? grade_command(subject)
                               : replay_command(subject, subject.exercise->id);
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
  const bool of_the_student = std::any_of(
      results.begin(), results.end(),
      [](const ExerciseResult& result) { return result.subject.variant == "student"; });
  return of_the_student ? what_next(course, states_of(course)) : "autograder/course";
}

Next next_of(const Course& course, const std::vector<State>& states) {
  const auto first = [&](bool started) {
    return std::find_if(states.begin(), states.end(), [&](const State& state) {
      return !state.done && (state.name != "not started") == started;
    });
  };
  // What is failing, before what is new.
  for (const bool started : {true, false}) {
    const auto state = first(started);
    if (state == states.end()) continue;
    const Exercise& exercise = *state->exercise;
    const std::string open =
        "open " + exercise.file.lexically_relative(course.root).string();
    return {started ? open : "read lessons/" + exercise.lesson + "/README.md, " + open,
            "autograder/course grade " + exercise.id};
  }
  return states.empty() ? Next{"", "autograder/course author new 01-name"}
                        : Next{"all done", "autograder/course diff ID"};
}

std::string ending_of(const Next& next) {
  return (next.first.empty() ? "" : wrapped("first: " + next.first, 0)) +
         "next: " + next.command + "\n";
}

std::string what_next(const Course& course, const std::vector<State>& states) {
  const Next next = next_of(course, states);
  return next.first.empty() ? next.command : next.first + ", then " + next.command;
}

}  // namespace course::grader
