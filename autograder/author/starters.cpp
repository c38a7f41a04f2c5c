#include "author/starters.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "catalogue/files.hpp"
#include "catalogue/lesson.hpp"

namespace course::author {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t line_width = 90;
constexpr std::string_view todo_include = "#include \"course/todo.hpp\"";

// "a, f(b, c)" -> {"a", "f(b, c)"}
std::vector<std::string> split_arguments(const std::string& text) {
  std::vector<std::string> arguments;
  int depth = 0;
  std::string one;
  for (const char c : text) {
    depth += std::string_view("([{").find(c) != std::string_view::npos ? 1 : 0;
    depth -= std::string_view(")]}").find(c) != std::string_view::npos ? 1 : 0;
    if (c == ',' && depth == 0) {
      arguments.emplace_back(trimmed(one));
      one.clear();
    } else {
      one += c;
    }
  }
  if (!trimmed(one).empty()) arguments.emplace_back(trimmed(one));
  return arguments;
}

class Writer {
 public:
  explicit Writer(const MarkedSource& solution) : solution_(solution) {}

  std::string text() {
    for (std::size_t i = 0; i < solution_.lines.size(); ++i) {
      const Mark* mark = opened_at(i);
      if (mark == nullptr || mark->kind == MarkKind::region) {
        if (!is_mark(solution_.lines[i])) put(solution_.lines[i]);
        continue;
      }
      if (mark->kind == MarkKind::step) put_step(*mark);
      if (mark->kind == MarkKind::hide) left_out_ = true;
      i = mark->last;
    }
    include_todo();
    std::string out;
    for (const auto& line : lines_) out += line + '\n';
    return out;
  }

 private:
  const Mark* opened_at(std::size_t line) const {
    for (const Mark& mark : solution_.marks) {
      if (mark.first == line) return &mark;
    }
    return nullptr;
  }

  // Where something was left out, an empty line may be left that clang-format would
  // remove: the second of two, the first in a block, the last in a block.
  void put(const std::string& line) {
    const bool after_gap =
        !lines_.empty() && (lines_.back().empty() || lines_.back().ends_with('{'));
    if (left_out_ && line.empty() && (lines_.empty() || after_gap)) return;
    if (left_out_ && trimmed(line).starts_with('}') && !lines_.empty() &&
        lines_.back().empty()) {
      lines_.pop_back();
    }
    if (!line.empty()) left_out_ = false;
    lines_.push_back(line);
  }

  void put_step(const Mark& mark) {
    const std::string& opening = solution_.lines[mark.first];
    const std::string indent = opening.substr(0, opening.find('/'));
    put(fmt::format("{}// TODO {}: {}", indent, mark.step, mark.words));
    std::string line = fmt::format("{}course::todo({}", indent, mark.step);
    const std::string aligned =
        indent + std::string(std::string_view("course::todo(").size(), ' ');
    for (const auto& argument : split_arguments(mark.arguments)) {
      if (line.size() + 2 + argument.size() + 2 > line_width) {
        put(line + ",");
        line = aligned + argument;
      } else {
        line += ", " + argument;
      }
    }
    if (line.size() + 2 > line_width) {
      throw Mistake(
          solution_.file, mark.first + 1,
          "an argument of this step does not fit into a line; give it a name first");
    }
    put(line + ");");
  }

  bool is_include(std::size_t at) const { return lines_[at].starts_with("#include "); }

  // After the last #include, in the block of the quoted ones, in its place by the
  // alphabet: where clang-format would put it.
  void include_todo() {
    std::size_t at = lines_.size();
    while (at > 0 && !is_include(at - 1) && !lines_[at - 1].starts_with("#pragma once"))
      --at;
    if (at == 0)
      throw Mistake(solution_.file, 0, "has neither an #include nor `#pragma once`");
    if (!lines_[at - 1].starts_with("#include \"")) {
      lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(at),
                    {"", std::string(todo_include)});
      return;
    }
    while (at > 0 && lines_[at - 1].starts_with("#include \"") &&
           lines_[at - 1] > todo_include)
      --at;
    lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(at),
                  std::string(todo_include));
  }

  const MarkedSource& solution_;
  std::vector<std::string> lines_;
  bool left_out_ = false;  // nothing but empty lines since something was left out
};

fs::path remembered(const fs::path& root, const fs::path& starter) {
  return root / ".course" / "starters" / starter.filename();
}

bool holds(const fs::path& file, const std::string& text) {
  return fs::exists(file) && read_file(file) == text;
}

}  // namespace

std::vector<Pair> pairs_in(const fs::path& root) {
  std::vector<Pair> pairs;
  for (const fs::path& lesson : lesson_folders(root / "solutions")) {
    for (const auto& entry : fs::directory_iterator(lesson)) {
      if (entry.path().extension() != ".hpp") continue;
      const fs::path name = entry.path().stem();
      pairs.push_back({entry.path(), root / "exercises" / lesson.filename() / name /
                                         entry.path().filename()});
    }
  }
  std::sort(pairs.begin(), pairs.end(),
            [](const Pair& a, const Pair& b) { return a.solution < b.solution; });
  return pairs;
}

std::string starter_of(const MarkedSource& solution) {
  const bool has_step =
      std::any_of(solution.marks.begin(), solution.marks.end(),
                  [](const Mark& m) { return m.kind == MarkKind::step; });
  if (!has_step) {
    throw Mistake(solution.file, 0,
                  "marks no step; put `//> step 1(…): title` and `//<` around one");
  }
  return Writer(solution).text();
}

std::string starter_of(const fs::path& solution) {
  return starter_of(read_marks(solution, read_file(solution)));
}

std::vector<Stale> stale_starters(const fs::path& root) {
  std::vector<Stale> stale;
  for (const Pair& pair : pairs_in(root)) {
    const std::string generated = starter_of(pair.solution);
    if (!fs::exists(pair.starter)) {
      stale.push_back({pair.starter, 0, generated});
    } else if (const std::size_t line =
                   first_difference(read_file(pair.starter), generated)) {
      stale.push_back({pair.starter, line, generated});
    }
  }
  return stale;
}

Written write_starter(const fs::path& root, const Stale& stale) {
  Written written;
  const fs::path memory = remembered(root, stale.starter);
  if (fs::exists(stale.starter) && !holds(memory, read_file(stale.starter))) {
    written.kept = keep_beside(stale.starter);
  }
  write_file(stale.starter, stale.generated);
  write_file(memory, stale.generated);
  return written;
}

}  // namespace course::author
