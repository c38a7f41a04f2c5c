// The tests of an exercise, read in their source: nothing has to be built to know which of
// them must report.
//
//   STEP_TEST(2, JobQueue, CloseKeepsQueuedJobs, "shutdown") {     see course/step_test.hpp
//
// It begins a line, and may be as many lines long as it needs.
#pragma once

#include <filesystem>
#include <vector>

#include "catalogue/manifest.hpp"

namespace course {

// In the order in which they stand in `source`, a file below `root`. Throws ManifestError for
// one that is misshapen, stands there twice, or names no step.
[[nodiscard]] std::vector<Test> read_step_tests(const std::filesystem::path& root,
                                                const std::filesystem::path& source);

}  // namespace course
