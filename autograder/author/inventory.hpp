// What must be there before anything is built: every file, hint, step, point, gate, mutant
// and concept that the course declares, and every generated text as its generator writes it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "catalogue/manifest.hpp"

namespace course::author {

// Starters and texts that are not what their generators write; links and concepts that lead
// nowhere; what a lesson lacks, and what is still to be written. Each message ends with the
// command that fixes it, if there is one.
[[nodiscard]] std::vector<std::string> stale_texts(const std::filesystem::path& root);

// What one exercise lacks: an empty hint, a step without points, a mutant, a concept that no
// lesson declares, a missing file.
[[nodiscard]] std::vector<std::string> missing_parts(const Course& course,
                                                     const Exercise& exercise);

}  // namespace course::author
