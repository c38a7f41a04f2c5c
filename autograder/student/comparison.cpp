#include "student/comparison.hpp"

#include <stdexcept>

#include "author/marks.hpp"
#include "catalogue/files.hpp"
#include "process/process.hpp"

namespace course::student {
namespace fs = std::filesystem;

std::string comparison(const fs::path& root, const grader::Exercise& exercise,
                       bool coloured) {
  const fs::path readable = root / ".course" / "diff" / exercise.solution.filename();
  author::write_file(readable,
                     author::without_marks(author::read_file(exercise.solution)));

  grader::Command diff;
  diff.words = {
      "diff",
      "--unified",
      coloured ? "--color=always" : "--color=never",
      "--label=your file  " + exercise.file.lexically_relative(root).string(),
      "--label=solution   " + exercise.solution.lexically_relative(root).string(),
      exercise.file.string(),
      readable.string()};
  const grader::Outcome outcome = grader::run(diff);
  if (outcome.exited_with(0) || outcome.exited_with(1)) return outcome.output;
  throw std::runtime_error("diff could not compare them: " + grader::words_for(outcome) +
                           "\n" + outcome.output);
}

}  // namespace course::student
