// The solution beside the student's file.
#pragma once

#include <filesystem>
#include <string>

#include "catalogue/manifest.hpp"

namespace course::student {

// A unified diff from the student's file to the solution, the solution's marks left out;
// empty when they are the same. Runs diff(1); throws std::runtime_error when it cannot.
[[nodiscard]] std::string comparison(const std::filesystem::path& root,
                                     const Exercise& exercise, bool coloured);

}  // namespace course::student
