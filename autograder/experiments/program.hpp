// Builds one of a lesson's programs in one of the build trees.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

#include "experiments/lesson.hpp"
#include "grader/build.hpp"

namespace course::experiments {

// The message names the file, the line and the compiler's first error.
class BuildFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Builds `target` of `lesson` and returns the program. Blocks, and shows progress. Throws
// BuildFailed.
[[nodiscard]] std::filesystem::path build_program(const grader::Trees& trees,
                                                  const std::string& preset,
                                                  const Lesson& lesson,
                                                  const std::string& target);

}  // namespace course::experiments
