#include "grader/wrapping.hpp"

#include <algorithm>

#include "catalogue/files.hpp"

namespace course::grader {
namespace {

bool begins_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
}

// At most `columns` of `text`.
std::string cut(std::string_view text, std::size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  std::size_t shown = 0;
  std::size_t at = 0;
  while (at < text.size() && (shown + 1 < columns || !begins_character(text[at]))) {
    if (begins_character(text[at])) ++shown;
    ++at;
  }
  return std::string(text.substr(0, at)) + "…";
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  for (const char byte : text) columns += begins_character(byte) ? 1 : 0;
  return columns;
}

std::string wrapped(std::string_view text, std::size_t indent) {
  std::string all;
  std::string line;
  const auto end_line = [&] {
    all += std::string(indent, ' ') + line + "\n";
    line.clear();
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \n", at), text.size());
    const std::string_view word = text.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    const std::size_t needed = columns_of(line) + 1 + columns_of(word);
    if (!line.empty() && indent + needed > columns_shown) end_line();
    line += (line.empty() ? "" : " ") + std::string(word);
  }
  if (!line.empty() || all.empty()) end_line();
  return all;
}

std::vector<std::string> folded(std::string_view text, std::size_t indent) {
  std::vector<std::string> lines = lines_of(text);
  for (std::string& line : lines) {
    if (!line.empty())
      line = std::string(indent, ' ') + cut(line, columns_shown - indent);
  }
  return lines;
}

std::string source_at(const std::filesystem::path& file, int line) {
  if (!std::filesystem::exists(file)) return "";
  const std::vector<std::string> lines = lines_of(read_file(file));
  if (line < 1 || static_cast<std::size_t>(line) > lines.size()) return "";
  const std::size_t before = 4 + file.filename().string().size() + 10;
  return cut(trimmed(lines[static_cast<std::size_t>(line) - 1]), columns_shown - before);
}

}  // namespace course::grader
