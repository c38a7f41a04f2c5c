#include "author/shape.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "author/markdown.hpp"
#include "author/scaffold.hpp"
#include "catalogue/files.hpp"

namespace course::author {
namespace fs = std::filesystem;

namespace {

using Messages = std::vector<std::string>;

constexpr std::string_view to_write = "To write: ";

// What every text must have of its template's line: a heading down to its colon, after which
// it is the text's own, or the weave that nothing else can say.
std::string fixed_part(const std::string& line) {
  if (line.starts_with("# ") || line.starts_with("## "))
    return line.substr(0, line.find(':'));
  return line.starts_with("<!-- weave steps ") ? line : "";
}

// Each fixed part of `expected` must be there, after the one before it.
void hold_text_against(const fs::path& shown, const NewFile& expected,
                       Messages& messages) {
  const auto lines = lines_of(read_file(expected.path));
  auto at = lines.begin();
  std::string before;
  for (const auto& line : lines_of(expected.text)) {
    const std::string part = fixed_part(line);
    if (part.empty()) continue;
    const auto found = std::find_if(
        at, lines.end(), [&](const std::string& one) { return one.starts_with(part); });
    if (found != lines.end()) {
      at = found;
      before = " after `" + part + "`";
    } else {
      const std::string what =
          fmt::format("lacks `{}`{}, which every lesson has", part, before);
      messages.push_back(Mistake(shown, 0, what).what());
    }
  }
}

void hold_against(const fs::path& root, const NewFile& expected, Messages& messages) {
  const fs::path shown = expected.path.lexically_relative(root);
  if (!fs::exists(expected.path)) {
    const std::string what = "is missing; autograder/author/templates has an example";
    messages.push_back(Mistake(shown, 0, what).what());
  } else if (expected.path.extension() == ".md") {
    hold_text_against(shown, expected, messages);
  }
}

Messages held_against(const fs::path& root, const std::vector<NewFile>& files) {
  Messages messages;
  for (const auto& file : files) {
    if (file.path.extension() != ".diff") hold_against(root, file, messages);
  }
  return messages;
}

// A starter repeats its solution.
bool is_starter(const fs::path& file) {
  return file.extension() == ".hpp" && file.parent_path().filename() == file.stem();
}

bool can_be_left(const fs::path& file) {
  const std::string extension = file.extension();
  for (const char* one : {".md", ".toml", ".hpp", ".cpp", ".diff"}) {
    if (extension == one) return !is_starter(file);
  }
  return false;
}

// What a text quotes is left where it stands.
void find_left(const fs::path& root, const fs::path& file, Messages& messages) {
  const bool is_text = file.extension() == ".md";
  Fences fences;
  std::size_t number = 0;
  for (const auto& line : lines_of(read_file(file))) {
    ++number;
    const bool quoted = is_text && !fences.is_prose(line);
    const std::size_t at = line.find(to_write);
    if (quoted || at == std::string::npos) continue;
    std::string what = line.substr(at + to_write.size());
    what.erase(std::min(what.find_first_of("*\""), what.size()));
    messages.push_back(
        Mistake(file.lexically_relative(root), number, "still to be written: " + what)
            .what());
  }
}

}  // namespace

Messages lacks_of_lesson(const fs::path& root, const std::string& lesson) {
  return held_against(root, files_of_lesson(root, lesson));
}

Messages lacks_of_exercise(const fs::path& root, const Exercise& exercise) {
  Messages messages = held_against(
      root, files_of_exercise(root, exercise.lesson, exercise.name, exercise.id));
  const Messages sections = held_against(
      root, sections_of_exercise(root, exercise.lesson, exercise.name, exercise.id));
  messages.insert(messages.end(), sections.begin(), sections.end());
  return messages;
}

Messages left_to_write(const fs::path& root) {
  std::vector<fs::path> files;
  for (const char* folder :
       {"lessons", "exercises", "solutions", "bench", "autograder/mutants"}) {
    if (!fs::is_directory(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      if (entry.is_regular_file() && can_be_left(entry.path()))
        files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  Messages messages;
  for (const auto& file : files) find_left(root, file, messages);
  return messages;
}

}  // namespace course::author
