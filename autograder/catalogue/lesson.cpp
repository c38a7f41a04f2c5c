#include "catalogue/lesson.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "catalogue/manifest.hpp"

namespace course {
namespace {

namespace fs = std::filesystem;

std::string with(char separator, std::string name) {
  std::replace(name.begin(), name.end(), '-', separator);
  return name;
}

}  // namespace

std::string Lesson::short_number() const {
  const auto first = number.find_first_not_of('0');
  return first == std::string::npos ? "0" : number.substr(first);
}

std::string Lesson::title() const { return with(' ', name); }

std::string Lesson::heading() const { return short_number() + " " + title(); }

std::string Lesson::stem() const { return with('_', name); }

std::string Lesson::demo() const { return "lesson-" + number + "-demo"; }

std::string Lesson::bench() const { return "lesson-" + number + "-bench"; }

bool Lesson::is_named(std::string_view word) const {
  return word == number || word == short_number() || word == name ||
         word == folder.filename().string();
}

Lesson lesson_of(const fs::path& folder) {
  const std::string whole = folder.filename().string();
  const std::size_t dash = std::min(whole.find('-'), whole.size() - 1);
  return {whole.substr(0, dash), whole.substr(dash + 1), folder};
}

std::vector<fs::path> lesson_folders(const fs::path& folder) {
  static const std::regex numbered("[0-9]{2}-[a-z0-9-]+");
  std::vector<fs::path> found;
  if (!fs::is_directory(folder)) return found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && std::regex_match(name, numbered)) {
      found.push_back(entry.path());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<Lesson> lessons_in(const fs::path& root) {
  std::vector<Lesson> lessons;
  for (const auto& folder : lesson_folders(root / "lessons")) {
    lessons.push_back(lesson_of(folder));
  }
  return lessons;
}

Lesson find_lesson(const fs::path& root, std::string_view word) {
  std::string known;
  for (const Lesson& lesson : lessons_in(root)) {
    if (lesson.is_named(word)) return lesson;
    known += fmt::format("\n  {} {}", lesson.short_number(), lesson.name);
  }
  throw UnknownId(
      fmt::format("there is no lesson \"{}\". {}{}", word,
                  known.empty() ? "There is none yet." : "These are:", known));
}

}  // namespace course
