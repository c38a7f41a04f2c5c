#include "author/marks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "catalogue/files.hpp"

namespace course::author {
namespace {

// "(a, f(b)): title" split at the parenthesis that closes the first; false if none does.
bool split_arguments(std::string_view rest, Mark& mark) {
  if (!rest.starts_with('(')) return false;
  int depth = 0;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    depth += rest[i] == '(' ? 1 : rest[i] == ')' ? -1 : 0;
    if (depth > 0) continue;
    mark.arguments = trimmed(rest.substr(1, i - 1));
    const std::string_view title = rest.substr(i + 1);
    if (!title.starts_with(": ")) return false;
    mark.words = trimmed(title.substr(1));
    return !mark.words.empty();
  }
  return false;
}

// What `//> …` opens. Throws std::invalid_argument with the forms there are.
Mark opened_by(std::string_view words) {
  static const std::regex step("step ([0-9]+)(.*)");
  static const std::regex region("region ([a-z0-9_-]+)");
  const std::string text(words);
  std::smatch match;
  Mark mark;
  if (text == "hide") return mark;
  if (std::regex_match(text, match, region)) {
    mark.kind = MarkKind::region;
    mark.words = match[1];
    return mark;
  }
  if (std::regex_match(text, match, step)) {
    mark.kind = MarkKind::step;
    mark.step = std::stoi(match[1]);
    if (split_arguments(match[2].str(), mark)) return mark;
  }
  throw std::invalid_argument(
      "a mark is `//> step N(arguments): title`, `//> hide` or `//> region name`");
}

class Reader {
 public:
  explicit Reader(MarkedSource& source) : source_(source) {}

  void read() {
    for (std::size_t i = 0; i < source_.lines.size(); ++i) {
      const std::string_view line = trimmed(source_.lines[i]);
      if (line.starts_with("//>")) open(i, trimmed(line.substr(3)));
      if (line.starts_with("//<")) close(i, line);
    }
    if (!open_.empty()) {
      fail(source_.marks[open_.back()].first,
           "this is never closed; add `//<` where it ends");
    }
  }

 private:
  void open(std::size_t at, std::string_view words) {
    try {
      source_.marks.push_back(opened_by(words));
    } catch (const std::invalid_argument& error) {
      fail(at, error.what());
    }
    source_.marks.back().first = at;
    check_order(at);
    check_nesting(at);
    open_.push_back(source_.marks.size() - 1);
  }

  // A step may have several parts, also after a later step's: a class keeps its order.
  void check_order(std::size_t at) {
    const Mark& mark = source_.marks.back();
    if (mark.kind != MarkKind::step) return;
    if (mark.step > highest_step_ + 1) {
      fail(at, fmt::format("step {} comes after step {}; number the steps 1, 2, … as "
                           "they first appear",
                           mark.step, highest_step_));
    }
    highest_step_ = std::max(highest_step_, mark.step);
  }

  void check_nesting(std::size_t at) {
    for (const std::size_t outer : open_) {
      const MarkKind kind = source_.marks[outer].kind;
      const bool step_in_step =
          kind == MarkKind::step && source_.marks.back().kind != MarkKind::region;
      if (kind == MarkKind::hide || step_in_step) {
        fail(at, fmt::format("line {} is still open; close it with `//<` first",
                             source_.marks[outer].first + 1));
      }
    }
  }

  void close(std::size_t at, std::string_view line) {
    if (line != "//<") fail(at, "`//<` stands alone on its line");
    if (open_.empty()) fail(at, "nothing is open here; remove this `//<`");
    source_.marks[open_.back()].last = at;
    open_.pop_back();
  }

  [[noreturn]] void fail(std::size_t at, const std::string& what) const {
    throw Mistake(source_.file, at + 1, what);
  }

  MarkedSource& source_;
  std::vector<std::size_t> open_;  // indices of marks, the innermost last
  int highest_step_ = 0;
};

std::size_t indentation(const std::string& line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

void remove_shared_indentation(std::vector<std::string>& lines) {
  std::size_t shared = std::string::npos;
  for (const auto& line : lines) {
    if (!line.empty()) shared = std::min(shared, indentation(line));
  }
  for (auto& line : lines) line.erase(0, std::min(shared, line.size()));
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + '\n';
  return text;
}

std::string regions_in(const MarkedSource& source) {
  std::string names;
  for (const Mark& mark : source.marks) {
    if (mark.kind == MarkKind::region) names += (names.empty() ? "" : ", ") + mark.words;
  }
  return names.empty() ? "it has none" : "it has " + names;
}

}  // namespace

MarkedSource read_marks(const std::filesystem::path& file, std::string_view text) {
  MarkedSource source{file, lines_of(text), {}};
  Reader(source).read();
  return source;
}

bool is_mark(std::string_view line) {
  const std::string_view words = trimmed(line);
  return words.starts_with("//>") || words.starts_with("//<");
}

std::string without_marks(std::string_view text) {
  std::vector<std::string> lines = lines_of(text);
  std::erase_if(lines, [](const std::string& line) { return is_mark(line); });
  return joined(lines);
}

std::string region_of(const MarkedSource& source, std::string_view name) {
  for (const Mark& mark : source.marks) {
    if (mark.kind != MarkKind::region || mark.words != name) continue;
    std::vector<std::string> lines;
    for (std::size_t i = mark.first + 1; i < mark.last; ++i) {
      if (!is_mark(source.lines[i])) lines.push_back(source.lines[i]);
    }
    remove_shared_indentation(lines);
    return joined(lines);
  }
  throw Mistake(source.file, 0,
                fmt::format("has no region `{}`; {}", name, regions_in(source)));
}

}  // namespace course::author
