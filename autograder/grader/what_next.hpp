// One sentence with a command in it: what to do next.
#pragma once

#include <string>
#include <vector>

#include "grader/map.hpp"
#include "grader/result.hpp"

namespace course::grader {

// The command that grades `subject` again.
[[nodiscard]] std::string grade_command(const Subject& subject);

// The command that replays a schedule of `subject`: `what` is its token, or the exercise's id for
// the one that the last grading showed.
[[nodiscard]] std::string replay_command(const Subject& subject, const std::string& what);

// The shortest command that shows the finding again.
[[nodiscard]] std::string command_to_see(const Subject& subject, const Finding& finding);

// After a grading that ended with `results`.
[[nodiscard]] std::string what_next(const Course& course,
                                    const std::vector<ExerciseResult>& results);

// What comes first, and the command after it, which can be copied as it stands.
struct Next {
  std::string first;  // "read lessons/…, open exercises/…"; may be empty
  std::string
      command;  // "autograder/course grade 1.1"; empty where nothing is left to do
};

[[nodiscard]] Next next_of(const Course& course, const std::vector<State>& states);

// The last lines of a map: what comes first, and "next: " with the command.
[[nodiscard]] std::string ending_of(const Next& next);

// The same as a sentence.
[[nodiscard]] std::string what_next(const Course& course,
                                    const std::vector<State>& states);

}  // namespace course::grader
