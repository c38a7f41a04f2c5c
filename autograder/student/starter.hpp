// The starter, back where the student began.
#pragma once

#include <filesystem>

#include "catalogue/manifest.hpp"

namespace course::student {

struct Reset {
  bool changed = false;        // false: the file was the starter already
  std::filesystem::path kept;  // the student's file now; empty if there was none
};

// Writes the starter, generated from the solution, over exercise.file. What was there is
// first copied to NAME.mine-N.hpp beside it, N the first that is free.
// Throws Mistake when the solution cannot be read.
Reset restore_starter(const Exercise& exercise);

}  // namespace course::student
