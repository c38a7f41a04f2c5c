// The lessons that there are, and the one that a word on the command line means.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace course::experiments {

struct Lesson {
  std::string number;            // "01"
  std::string name;              // "parallel-workers"
  std::filesystem::path folder;  // lessons/01-parallel-workers, absolute if the root is

  [[nodiscard]] std::string short_number() const;  // "1"
  [[nodiscard]] std::string heading() const;       // "1 parallel workers"
  [[nodiscard]] std::string demo() const;          // "lesson-01-demo", the CMake target
  [[nodiscard]] std::string bench() const;         // "lesson-01-bench"
};

// In the order of their numbers; folders without a number are none.
[[nodiscard]] std::vector<Lesson> lessons_in(const std::filesystem::path& root);

// The lesson that `word` means: 1, 01, parallel-workers or 01-parallel-workers. Throws
// UnknownId, with the lessons that there are.
[[nodiscard]] Lesson find_lesson(const std::filesystem::path& root,
                                 std::string_view word);

}  // namespace course::experiments
