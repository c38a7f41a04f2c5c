#include "student/columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "catalogue/files.hpp"
#include "grader/wrapping.hpp"

namespace course::student {
namespace {

using nlohmann::json;

constexpr std::size_t first_column = 6;  // behind the row's number
constexpr std::size_t widest_column = 42;
constexpr std::size_t room_for_words = 34;  // of the last column

}  // namespace

bool says_something(std::string_view source) {
  return source.find_first_not_of("{}();, ") != std::string_view::npos;
}

Columns::Columns(const json& record, std::size_t width)
    : record_(record), width_(std::max<std::size_t>(width, 40)) {
  for (const json& step : record_.at("steps"))
    column_.emplace(step.at("thread").get<std::size_t>(), 0);
  std::size_t next = 0;
  for (auto& [thread, column] : column_) {
    column = next++;
    longest_name_ = std::max(longest_name_, name_of(thread).size());
  }
  const std::size_t gaps = std::max<std::size_t>(column_.size(), 2) - 1;
  apart_ = std::min(widest_column,
                    (width_ - std::min(width_, first_column + room_for_words)) / gaps);
  in_columns_ = apart_ > longest_name_;
}

std::string Columns::name_of(std::size_t thread) const {
  const json& names = record_.at("threads");
  return thread < names.size() ? names[thread].get<std::string>()
                               : fmt::format("worker {}", thread);
}

std::size_t Columns::indent_of(std::size_t thread) const {
  return in_columns_ ? first_column + column_.at(thread) * apart_
                     : first_column + longest_name_ + 2;
}

std::string Columns::header() const {
  std::string line;
  for (const auto& [thread, column] : column_) {
    if (!in_columns_) break;
    line.resize(indent_of(thread), ' ');
    line += name_of(thread);
  }
  if (!line.empty()) line += "\n";
  return line + idle();
}

std::string Columns::idle() const {
  std::vector<std::string> names;
  for (std::size_t thread = 0; thread < record_.at("threads").size(); ++thread) {
    if (!column_.contains(thread)) names.push_back(name_of(thread));
  }
  if (names.empty()) return {};
  if (names.size() == 1) return folded(names.front() + " does nothing here", 6);
  return folded(fmt::format("{} threads do nothing here: {} to {}", names.size(),
                            names.front(), names.back()),
                6);
}

// Breaks between words, and a word that is too long wherever it must; the rest of a line stands
// two spaces further in.
std::string Columns::folded(const std::string& text, std::size_t indent) const {
  std::string all;
  std::string rest = text;
  std::size_t begin = indent;
  while (true) {
    const std::size_t room = width_ > begin + 8 ? width_ - begin : 8;
    if (grader::columns_of(rest) <= room) break;
    std::size_t cut = rest.rfind(' ', room);
    if (cut == std::string::npos || cut < room / 3) cut = room;
    while (cut < rest.size() && (static_cast<unsigned char>(rest[cut]) & 0xC0) == 0x80)
      --cut;
    all += std::string(begin, ' ') + rest.substr(0, cut) + "\n";
    rest.erase(0, rest.find_first_not_of(' ', cut));
    begin = indent + 2;
  }
  return all + std::string(begin, ' ') + rest + "\n";
}

std::string Columns::row(std::size_t number) const {
  const json& step = record_.at("steps").at(number - 1);
  const std::size_t thread = step.at("thread");
  const std::string file =
      std::filesystem::path(step.value("file", "")).filename().string();
  std::string words = step.value("words", "");
  if (!file.empty()) words += fmt::format("   {}:{}", file, step.value("line", 0));
  if (const std::string note = step.value("note", ""); !note.empty())
    words += "   " + note;
  const std::size_t indent = indent_of(thread);
  std::string row = folded(words, indent);
  std::string head = fmt::format("{:3}", number);
  if (!in_columns_) {
    head.resize(first_column, ' ');
    head += name_of(thread);
  }
  row.replace(0, head.size(), head);
  const std::string source = step.value("source", "");
  return says_something(source) ? row + folded(source, indent) : row;
}

std::string Columns::lines(std::string_view text) const {
  std::string all;
  for (const std::string& line : lines_of(text)) {
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    all += line.empty() ? "\n" : folded(line.substr(indent), indent);
  }
  return all;
}

}  // namespace course::student
