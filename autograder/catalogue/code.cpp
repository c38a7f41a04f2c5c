#include "catalogue/code.hpp"

#include <algorithm>
#include <cctype>

#include "catalogue/files.hpp"

namespace course {
namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// Puts blanks over [begin, end), but for the ends of lines.
void blank(std::string& text, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) {
    if (text[i] != '\n') text[i] = ' ';
  }
}

// Behind the raw string whose quote is at `quote`: R"mark(…)mark".
std::size_t end_of_raw(std::string_view text, std::size_t quote) {
  const std::size_t open = text.find('(', quote);
  if (open == text.npos) return text.size();
  const std::string close =
      ")" + std::string(text.substr(quote + 1, open - quote - 1)) + "\"";
  const std::size_t end = text.find(close, open);
  return end == text.npos ? text.size() : end + close.size();
}

// Behind the text or the character whose quote is at `quote`.
std::size_t end_of_quoted(std::string_view text, std::size_t quote) {
  std::size_t at = quote + 1;
  while (at < text.size() && text[at] != text[quote] && text[at] != '\n') {
    at += text[at] == '\\' ? 2 : 1;
  }
  return std::min(at + 1, text.size());
}

// Behind the comment that begins at `at`; a line of it may end in a backslash.
std::size_t end_of_comment(std::string_view text, std::size_t at) {
  if (text[at + 1] == '*') {
    const std::size_t end = text.find("*/", at + 2);
    return end == text.npos ? text.size() : end + 2;
  }
  std::size_t end = text.find('\n', at);
  while (end != text.npos && text[end - 1] == '\\') end = text.find('\n', end + 1);
  return std::min(end, text.size());
}

void blank_comments_and_quoted(std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (c == '/' && (next == '/' || next == '*')) {
      const std::size_t end = end_of_comment(text, at);
      blank(text, at, end);
      at = end;
    } else if (c == '"' || (c == '\'' && (at == 0 || !is_word(text[at - 1])))) {
      const bool raw = c == '"' && at > 0 && text[at - 1] == 'R';
      const std::size_t end = raw ? end_of_raw(text, at) : end_of_quoted(text, at);
      if (end > at + 1) blank(text, at + 1, end - 1);
      at = end;
    } else {
      ++at;
    }
  }
}

// "if", "ifdef", "else", "endif", … of a line that is a directive; else empty.
std::string directive_of(std::string_view line) {
  line = trimmed(line);
  if (!line.starts_with('#')) return "";
  line = trimmed(line.substr(1));
  return std::string(
      line.substr(0, line.find_first_not_of("abcdefghijklmnopqrstuvwxyz")));
}

bool is_if_0(std::string_view line) {
  if (directive_of(line) != "if") return false;
  const std::string_view condition = trimmed(line.substr(line.find("if") + 2));
  return condition == "0" || condition == "false";
}

void blank_what_is_left_out(std::string& text) {
  int depth = 0;  // of conditions inside one that leaves out; 0: nothing is left out
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    const std::string directive = directive_of(line);
    if (depth == 0) {
      depth = is_if_0(line) ? 1 : 0;
    } else if (directive.starts_with("if")) {
      ++depth;
    } else if (directive == "endif") {
      --depth;
    } else if (depth == 1 && (directive == "else" || directive == "elif")) {
      depth = 0;
    }
    if (depth > 0) blank(text, begin, end);
    begin = end + 1;
  }
}

}  // namespace

std::string code_of(std::string_view text) {
  std::string code(text);
  blank_comments_and_quoted(code);
  blank_what_is_left_out(code);
  return code;
}

int first_line_with(const std::regex& word, const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return 0;
  const std::string code = code_of(read_file(file));
  std::smatch found;
  if (!std::regex_search(code, found, word)) return 0;
  return static_cast<int>(line_at(code, static_cast<std::size_t>(found.position())));
}

std::size_t line_at(std::string_view text, std::size_t at) {
  return 1 + static_cast<std::size_t>(
                 std::count(text.begin(), text.begin() + static_cast<long>(at), '\n'));
}

}  // namespace course
