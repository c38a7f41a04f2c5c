// Builds one of a lesson's programs in one of the build trees.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

#include "catalogue/lesson.hpp"
#include "grader/build.hpp"

namespace course::experiments {

// The message names the file, the line and the compiler's first error.
class BuildFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Builds `target` and returns the program, which is in `folder` of the tree. What goes wrong
// is shortened to what `sources` say of it. Blocks, and shows progress. Throws BuildFailed.
[[nodiscard]] std::filesystem::path build_program(const grader::Trees& trees,
                                                  const std::string& preset,
                                                  const std::filesystem::path& folder,
                                                  const std::filesystem::path& sources,
                                                  const std::string& target);

// The same for a target of `lesson`.
[[nodiscard]] std::filesystem::path build_program(const grader::Trees& trees,
                                                  const std::string& preset,
                                                  const Lesson& lesson,
                                                  const std::string& target);

}  // namespace course::experiments
