#include "author/markdown.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <regex>

#include "catalogue/files.hpp"

namespace course::author {
namespace fs = std::filesystem;

namespace {

const std::regex& link_pattern() {
  static const std::regex pattern(R"(\]\(([^)\s]+)(?:\s+"[^"]*")?\))");
  return pattern;
}

const std::regex& code_span() {
  static const std::regex pattern("`[^`]*`");
  return pattern;
}

// Dashes, quotation marks and the like: U+2000 to U+207F.
bool is_general_punctuation(std::string_view text, std::size_t at) {
  return at + 2 < text.size() && text[at] == '\xe2' &&
         (text[at + 1] == '\x80' || text[at + 1] == '\x81');
}

// GitHub's rule: lower case, punctuation dropped, a hyphen for each space.
std::string anchor_of(const std::string& heading) {
  static const std::regex link(R"(\[([^\]]*)\]\([^)]*\))");
  const std::string words = std::regex_replace(heading, link, "$1");
  std::string anchor;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto byte = static_cast<unsigned char>(words[i]);
    if (is_general_punctuation(words, i)) {
      i += 2;
    } else if (byte >= 0x80 || std::isalnum(byte) || byte == '-' || byte == '_') {
      anchor += static_cast<char>(byte < 0x80 ? std::tolower(byte) : byte);
    } else if (byte == ' ') {
      anchor += '-';
    }
  }
  return anchor;
}

}  // namespace

bool Fences::is_prose(std::string_view line) {
  const std::string_view words = trimmed(line);
  if (!open_.empty()) {
    if (words.starts_with(open_) &&
        words.find_first_not_of(open_[0]) == std::string_view::npos) {
      open_.clear();
    }
    return false;
  }
  if (!words.starts_with("```") && !words.starts_with("~~~")) return true;
  open_ = words.substr(0, words.find_first_not_of(words[0]));
  return false;
}

std::vector<fs::path> texts_in(const fs::path& root) {
  std::vector<fs::path> texts;
  for (auto at = fs::recursive_directory_iterator(root); at != fs::end(at); ++at) {
    if (at->is_directory() && at->path().filename().string().starts_with('.')) {
      at.disable_recursion_pending();
    } else if (at->path().extension() == ".md") {
      texts.push_back(at->path());
    }
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

std::set<std::string> anchors_of(std::string_view text) {
  static const std::regex heading(" {0,3}#{1,6} +(.*?)[ #]*");
  static const std::regex html_id("<[a-z]+ [^>]*(?:id|name)=\"([^\"]+)\"");
  std::set<std::string> anchors;
  std::map<std::string, int> times;
  Fences fences;
  for (const std::string& line : lines_of(text)) {
    if (!fences.is_prose(line)) continue;
    std::smatch match;
    if (std::regex_search(line, match, html_id)) anchors.insert(match[1]);
    if (!std::regex_match(line, match, heading)) continue;
    const std::string anchor = anchor_of(match[1]);
    const int before = times[anchor]++;
    anchors.insert(before == 0 ? anchor : anchor + "-" + std::to_string(before));
  }
  return anchors;
}

std::vector<Link> links_of(std::string_view text) {
  std::vector<Link> links;
  Fences fences;
  std::size_t number = 0;
  for (const std::string& line : lines_of(text)) {
    ++number;
    if (!fences.is_prose(line)) continue;
    const std::string prose = std::regex_replace(line, code_span(), "");
    for (std::sregex_iterator at(prose.begin(), prose.end(), link_pattern()), end;
         at != end; ++at) {
      links.push_back({(*at)[1], number});
    }
  }
  return links;
}

}  // namespace course::author
