// What grading found: plain structures that the terminal, JSON and JUnit are written from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "catalogue/stage.hpp"
#include "grader/build.hpp"
#include "grader/promises.hpp"
#include "grader/verdict.hpp"

namespace course::grader {

// One thing that is wrong, in words for the person who must fix it.
struct Finding {
  Verdict verdict = Verdict::failed;
  std::string test;          // empty: the stage as a whole
  std::string concept_name;  // that it breaks; empty where none is known
  std::string what;          // one line
  std::string detail;        // more lines: a picture, two accesses, stacks; may be empty
  std::string brief;         // of a picture what a terminal has room for; may be empty
  std::string file;          // where, as the compiler named it; may be empty
  int line = 0;
  bool hung = false;             // it did not end
  std::string token;             // of the schedule that shows it; empty if none is known
  std::string again;             // the command that runs its test again; may be empty
  std::filesystem::path report;  // the whole of it, kept; may be empty
  bool of_control = false;       // `test` is one that must fail, and did not
};

// One check that was expected to report, and what it said.
struct Check {
  std::string name;
  Verdict verdict = Verdict::failed;
  double seconds = 0;
};

struct StageResult {
  Stage stage = Stage::build;
  Verdict verdict = Verdict::not_run;
  std::vector<Check> checks;
  std::vector<Finding> findings;
  std::vector<std::string> notes;             // "seed 42", "all 24 behaviours checked"
  std::vector<reading::Diagnostic> warnings;  // the compiler's, of the student's file
  double seconds = 0;
};

// "warning: job_queue.hpp:41: unused variable"
[[nodiscard]] std::string warning_line(const reading::Diagnostic& warning);

// Of a stage that the machine or its tools keep from saying anything.
[[nodiscard]] StageResult environment(Stage stage, const std::string& why);

struct ExerciseResult {
  Subject subject;
  std::vector<StageResult> stages;  // in the order of all_stages
  std::vector<Promise> promises;    // what the stages mean for the points

  [[nodiscard]] Verdict verdict() const;
};

// Called as soon as a stage's result is known, one call at a time.
using StageListener = std::function<void(const Subject&, const StageResult&)>;

}  // namespace course::grader
