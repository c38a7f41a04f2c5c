#include "student/starter.hpp"

#include "author/starters.hpp"
#include "catalogue/files.hpp"

namespace course::student {

Reset restore_starter(const Exercise& exercise) {
  const std::string starter = author::starter_of(exercise.solution);
  Reset reset;
  if (std::filesystem::exists(exercise.file)) {
    if (read_file(exercise.file) == starter) return reset;
    reset.kept = keep_beside(exercise.file);
  }
  try {
    write_file(exercise.file, starter);
  } catch (...) {
    // Nothing was changed, so that there is nothing to keep.
    std::error_code ignored;
    if (!reset.kept.empty()) std::filesystem::remove(reset.kept, ignored);
    throw;
  }
  reset.changed = true;
  return reset;
}

}  // namespace course::student
