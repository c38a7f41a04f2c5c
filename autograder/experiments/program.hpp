// Builds one of a lesson's programs in one of the build trees.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

#include "experiments/lesson.hpp"

namespace course::experiments {

// The message is what the compiler or CMake said, shortened to its errors.
class BuildFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Where things are built: .build/PRESET, or .build/COMPILER/PRESET for a compiler's name.
struct Trees {
  std::filesystem::path root;
  std::string compiler;

  [[nodiscard]] std::filesystem::path of(const std::string& preset) const;
};

// Configures the tree where it was not, builds `target` of `lesson`, and returns the
// program. Blocks, and shows progress. Throws BuildFailed.
[[nodiscard]] std::filesystem::path build_program(const Trees& trees,
                                                  const std::string& preset,
                                                  const Lesson& lesson,
                                                  const std::string& target);

}  // namespace course::experiments
