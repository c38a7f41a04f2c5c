#include "student/comparison.hpp"

#include <stdexcept>

#include "author/marks.hpp"
#include "catalogue/files.hpp"
#include "process/process.hpp"

namespace course::student {
namespace fs = std::filesystem;

std::string comparison(const fs::path& root, const Exercise& exercise, bool coloured) {
  const fs::path readable = root / ".course" / "diff" / exercise.solution.filename();
  write_file(readable, author::without_marks(read_file(exercise.solution)));

  process::Command diff;
  diff.words = {
      "diff",
      "--unified",
      coloured ? "--color=always" : "--color=never",
      "--label=your file  " + exercise.file.lexically_relative(root).string(),
      "--label=solution   " + exercise.solution.lexically_relative(root).string(),
      exercise.file.string(),
      readable.string()};
  const process::Outcome outcome = process::run(diff);
  if (outcome.exited_with(0) || outcome.exited_with(1)) return outcome.output;
  throw std::runtime_error("diff could not compare them: " + process::words_for(outcome) +
                           "\n" + outcome.output);
}

}  // namespace course::student
