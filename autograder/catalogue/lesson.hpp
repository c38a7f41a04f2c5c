// The lessons that there are, their names, and the one that a word on the command line means.
//
//   folder    01-parallel-workers     in lessons/, exercises/, solutions/, bench/
//   number    01, and 1 for people
//   name      parallel-workers, and "parallel workers" for people
//   stem      parallel_workers        of its files
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace course {

struct Lesson {
  std::string number;            // "01"
  std::string name;              // "parallel-workers"
  std::filesystem::path folder;  // lessons/01-parallel-workers, absolute if the root is

  [[nodiscard]] std::string short_number() const;  // "1"
  [[nodiscard]] std::string title() const;         // "parallel workers"
  [[nodiscard]] std::string heading() const;       // "1 parallel workers"
  [[nodiscard]] std::string stem() const;          // "parallel_workers"
  [[nodiscard]] std::string demo() const;          // "lesson-01-demo", the CMake target
  [[nodiscard]] std::string bench() const;         // "lesson-01-bench"

  // Whether `word` is 1, 01, parallel-workers or 01-parallel-workers.
  [[nodiscard]] bool is_named(std::string_view word) const;
};

// The lesson of a folder named NN-name, in whichever part of the course it lies.
[[nodiscard]] Lesson lesson_of(const std::filesystem::path& folder);

// The folders in `folder` named NN-name, in order of their numbers; empty if it is missing.
[[nodiscard]] std::vector<std::filesystem::path> lesson_folders(
    const std::filesystem::path& folder);

// In the order of their numbers; folders without a number are none.
[[nodiscard]] std::vector<Lesson> lessons_in(const std::filesystem::path& root);

// The lesson that `word` names. Throws UnknownId, with the lessons that there are.
[[nodiscard]] Lesson find_lesson(const std::filesystem::path& root,
                                 std::string_view word);

}  // namespace course
