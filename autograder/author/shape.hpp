// The shape that all lessons share, which is that of the templates: the same files, and in
// their texts the same sections in the same order. A lesson may have more of both.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "catalogue/manifest.hpp"

namespace course::author {

// What the lesson in lessons/NN-name lacks of it, a message for each file and section.
[[nodiscard]] std::vector<std::string> lacks_of_lesson(const std::filesystem::path& root,
                                                       const std::string& lesson);

// The same for an exercise and what its lesson's texts say of it. Which mutants it has is its
// own affair.
[[nodiscard]] std::vector<std::string> lacks_of_exercise(
    const std::filesystem::path& root, const Exercise& exercise);

// The lines of all lessons and exercises that a template left to be written, each with its
// place: what says "To write:".
[[nodiscard]] std::vector<std::string> left_to_write(const std::filesystem::path& root);

}  // namespace course::author
