// Writes what grading found for a person, in lines of at most 80 columns: each stage's verdict as
// soon as it is known; then one cause, once, with its concept, its line and the command that
// shows it again; which promises are kept; and last what to do next. All else is in the reports.
// From the cause's heading on all is in view on a terminal of 24 lines.
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
struct Cause;

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
  void notes(const StageResult& result);
  [[nodiscard]] std::string failure(const ExerciseResult& result) const;
  [[nodiscard]] std::string links(const ExerciseResult& result, const Cause& cause) const;
  [[nodiscard]] std::string promises(const ExerciseResult& result,
                                     std::size_t room) const;
  [[nodiscard]] std::string promises_with(std::size_t titles,
                                          const ExerciseResult& result) const;
  [[nodiscard]] std::string next_line(const std::vector<ExerciseResult>& results) const;
  [[nodiscard]] std::string painted(Verdict verdict, const std::string& text) const;
  [[nodiscard]] std::string faint(const std::string& text) const;
  [[nodiscard]] std::string shown(const std::filesystem::path& file) const;

  std::FILE* stream_;
  bool colour_;
  const Course& course_;
  std::unique_ptr<Ticker> ticker_;
};

// All that is written of one result, for a terminal of 80 columns.
[[nodiscard]] std::string printed(const ExerciseResult& result, const Course& course);

}  // namespace course::grader
