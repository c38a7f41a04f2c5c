// The head of a mutant's diff, which `patch` passes over:
//
//   mistake: pop looks whether there is a job, releases the lock, and then
//     waits                                    an indented line belongs to the one before
//   caught by: interleave tsan                 in the grader's order, under this concept:
//   concept: lost wake-up
//   tests: JobQueue.PopWaitsForAJob            that catch it in the first of those stages
//
//   --- solution
#pragma once

#include <filesystem>

#include "catalogue/manifest.hpp"

namespace course {

// Adds to `exercise`, whose tests, costs and gates are known, the mutant whose diff is
// `diff`, a file below `root`. Throws ManifestError for a head that is misshapen or lacks a
// line, and for a stage or a test that is not there.
void add_mutant(const std::filesystem::path& root, const std::filesystem::path& diff,
                Exercise& exercise);

}  // namespace course
