// The links inside the course: between its texts, and from each concept to its paragraph.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace course::author {

// One message for each relative link whose file or heading is not there, with the text's
// file and line and the nearest heading there is. Links to other sites are not followed.
[[nodiscard]] std::vector<std::string> broken_links(const std::filesystem::path& root);

// One message for each concept that its lesson's text has no heading for; and what is wrong
// with a concepts.toml that cannot be read.
[[nodiscard]] std::vector<std::string> broken_concepts(const std::filesystem::path& root);

}  // namespace course::author
