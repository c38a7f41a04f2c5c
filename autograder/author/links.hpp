// The links inside the course: between its texts, and from each concept to its paragraph.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace course::author {

// One message for each relative link whose file or heading is not there, with the text's
// file and line and the nearest heading there is. Links to other sites are not followed.
[[nodiscard]] std::vector<std::string> broken_links(const std::filesystem::path& root);

// The same for the lesson named by each concept in autograder/concepts.toml. A course
// without that file has no concepts.
[[nodiscard]] std::vector<std::string> broken_concepts(const std::filesystem::path& root);

}  // namespace course::author
