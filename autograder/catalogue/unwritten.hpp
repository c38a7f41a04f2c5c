// The steps of an exercise that are still to be written, as a file stood at one moment. A
// grading looks once: a save meanwhile must not make its stages disagree.
#pragma once

#include <filesystem>
#include <map>

#include "catalogue/manifest.hpp"

namespace course {

// By number, each with the line of its first call to course::todo.
using UnwrittenSteps = std::map<int, int>;

// What `file` leaves to be written; nothing if there is no such file.
[[nodiscard]] UnwrittenSteps unwritten_in(const std::filesystem::path& file);

// Whether the student wrote a step: one that the solution marks is not among the unwritten.
[[nodiscard]] bool is_started(const Exercise& exercise, const UnwrittenSteps& unwritten);

// The same, by what is in the student's file now.
[[nodiscard]] bool is_started(const Exercise& exercise);

}  // namespace course
