// Writes what grading found for a person: each stage as soon as it is known, failures with
// their place, their concept and the command that shows them again; then which promises are
// kept and the points they earn, and last what to do next.
//
// Threads     One at a time, but for the progress line, which has a thread of its own.
#pragma once

#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catalogue/manifest.hpp"
#include "grader/result.hpp"

namespace course::grader {

class Ticker;

class Terminal {
 public:
  Terminal(std::FILE* stream, bool colour, const Course& course);
  ~Terminal();

  void begin(const Subject& subject);
  void stage(const StageResult& result);
  void end(const ExerciseResult& result);

  // The last line: what to run next, after all of `results`.
  void next(const std::vector<ExerciseResult>& results);

  // A sentence of its own, such as the environment's trouble.
  void say(const std::string& sentence);

 private:
  void print_detail(const std::string& detail);
  void finding(const Finding& finding);
  void promise(const Promise& promise);
  void concept_line(const std::string& name);
  [[nodiscard]] std::string painted(Verdict verdict, const std::string& text) const;
  [[nodiscard]] std::string faint(const std::string& text) const;
  [[nodiscard]] std::string shown(const std::filesystem::path& file) const;

  std::FILE* stream_;
  bool colour_;
  const Course& course_;
  std::unique_ptr<Ticker> ticker_;
};

}  // namespace course::grader
