// What one grading tells first: of all that its stages found, the finding that says most about
// one cause. The others wait; most of them are the same mistake, seen by another stage.
//
// Threads     Any; pure functions of their arguments.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "grader/result.hpp"
#include "grader/wrapping.hpp"

namespace course::grader {

struct Cause {
  const Finding* finding = nullptr;  // of the result that was asked; never null
  Stage stage = Stage::build;
  std::string
      file;      // the line to look at first, the student's own if any finding of this
  int line = 0;  // test has one; line 0: none is known
  std::size_t others = 0;  // tests, costs and gates beside it that did not hold
};

// Of the findings as bad as the whole result: what keeps it from being built or trusted, then a
// schedule that was seen, a sanitizer's report, a test that did not hold, one that hung, a cost,
// a gate; of equals the first step's. Where the explorer saw several concepts at its line, the
// one that most tests saw. None if there is no finding.
[[nodiscard]] std::optional<Cause> cause_of(const ExerciseResult& result);

// The same for one finding of `result`, with the line to look at; it has no others beside it.
[[nodiscard]] Cause cause_for(const ExerciseResult& result, const Finding& finding,
                              Stage stage);

// The file that a compiler or a program named, as a person opens it: one of the student's file's
// name, or without a name, is the student's file.
[[nodiscard]] std::filesystem::path file_to_open(const ExerciseResult& result,
                                                 const std::string& named);

// Its concept; where none is known, what befell the code.
[[nodiscard]] std::string heading_of(const Cause& cause);

// The heading, what was found, and the line with its source: what must be in view.
[[nodiscard]] std::string head_of(const Cause& cause);

// In lines of at most 80 columns, and at most `room` of them where the head leaves that: the
// head, and of a picture the rows that matter.
[[nodiscard]] std::string told(const Cause& cause, std::size_t room = lines_in_view);

}  // namespace course::grader
