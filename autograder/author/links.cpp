#include "author/links.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "author/markdown.hpp"
#include "catalogue/files.hpp"
#include "catalogue/manifest.hpp"

namespace course::author {
namespace fs = std::filesystem;

namespace {

bool leaves_the_course(const std::string& target) {
  return target.find("://") != std::string::npos || target.starts_with("mailto:");
}

std::string list_of(const std::set<std::string>& anchors) {
  std::string list;
  for (const auto& anchor : anchors) list += (list.empty() ? "#" : " #") + anchor;
  return list.empty() ? "it has no heading" : "it has " + list;
}

bool is_inside(const fs::path& file, const fs::path& root) {
  return !file.lexically_relative(root).string().starts_with("..");
}

// What is wrong with a link to `target` from a file in `folder`; nothing if it leads
// there.
std::optional<std::string> fault(const fs::path& root, const fs::path& folder,
                                 const fs::path& self, const std::string& target) {
  const std::size_t hash = target.find('#');
  const std::string path = target.substr(0, hash);
  const fs::path file = path.empty() ? self : (folder / path).lexically_normal();
  if (!is_inside(file, root)) return fmt::format("the link {} leaves the course", target);
  if (!fs::exists(file)) {
    return fmt::format("the link {} leads nowhere; there is no {}", target,
                       file.lexically_relative(root).string());
  }
  if (hash == std::string::npos || file.extension() != ".md") return std::nullopt;
  const std::set<std::string> anchors = anchors_of(read_file(file));
  if (anchors.contains(target.substr(hash + 1))) return std::nullopt;
  return fmt::format("the link {} names no heading of {}; {}", target,
                     file.lexically_relative(root).string(), list_of(anchors));
}

}  // namespace

std::vector<std::string> broken_links(const fs::path& root) {
  std::vector<std::string> broken;
  for (const fs::path& text : texts_in(root)) {
    for (const Link& link : links_of(read_file(text))) {
      if (leaves_the_course(link.target)) continue;
      if (const auto what = fault(root, text.parent_path(), text, link.target)) {
        broken.push_back(Mistake(text.lexically_relative(root), link.line, *what).what());
      }
    }
  }
  return broken;
}

std::vector<std::string> broken_concepts(const fs::path& root) try {
  std::vector<std::string> broken;
  for (const auto& [name, found] : load_concepts(root)) {
    if (!fault(root, root, root, found.lesson)) continue;
    const std::string text = found.lesson.substr(0, found.lesson.find('#'));
    broken.push_back(
        fmt::format("{}: the concept \"{}\" has no heading of its name in {}; explain it "
                    "there, under `### {}{}`",
                    found.place, name, text, static_cast<char>(std::toupper(name[0])),
                    name.substr(1)));
  }
  return broken;
} catch (const ManifestError& error) {
  return {error.what()};
}

}  // namespace course::author
