// What the checks need to know of a Markdown text: which of its lines are prose, its
// headings' anchors, and its links.
#pragma once

#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace course::author {

// Tells prose from fenced code, line by line from the first.
class Fences {
 public:
  // Whether the next line stands outside every fence and is not a fence itself.
  [[nodiscard]] bool is_prose(std::string_view line);

 private:
  std::string open_;  // the fence that is open, such as "```"; empty if none is
};

// Every Markdown file of the course, in order; folders whose names begin with a dot hold
// none.
[[nodiscard]] std::vector<std::filesystem::path> texts_in(
    const std::filesystem::path& root);

// What `#…` may follow a link to this text: the headings' anchors as GitHub makes them,
// and every id given in HTML.
[[nodiscard]] std::set<std::string> anchors_of(std::string_view text);

struct Link {
  std::string target;  // as written, such as "../README.md#lost-wake-up"
  std::size_t line;    // from 1
};

// Links and pictures in the text's prose, those to other sites too.
[[nodiscard]] std::vector<Link> links_of(std::string_view text);

}  // namespace course::author
