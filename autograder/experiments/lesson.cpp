#include "experiments/lesson.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "catalogue/manifest.hpp"

namespace course::experiments {

namespace fs = std::filesystem;

std::string Lesson::short_number() const {
  const auto first = number.find_first_not_of('0');
  return first == std::string::npos ? "0" : number.substr(first);
}

std::string Lesson::heading() const {
  std::string words = name;
  std::replace(words.begin(), words.end(), '-', ' ');
  return short_number() + " " + words;
}

std::string Lesson::demo() const { return "lesson-" + number + "-demo"; }

std::string Lesson::bench() const { return "lesson-" + number + "-bench"; }

std::vector<Lesson> lessons_in(const fs::path& root) {
  static const std::regex shape("([0-9][0-9])-([a-z0-9-]+)");
  std::vector<Lesson> lessons;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(root / "lessons", none)) {
    const std::string folder = entry.path().filename().string();
    std::smatch part;
    if (entry.is_directory() && std::regex_match(folder, part, shape)) {
      lessons.push_back({part[1], part[2], entry.path()});
    }
  }
  std::sort(lessons.begin(), lessons.end(),
            [](const Lesson& a, const Lesson& b) { return a.number < b.number; });
  return lessons;
}

Lesson find_lesson(const fs::path& root, std::string_view word) {
  const auto lessons = lessons_in(root);
  std::string known;
  for (const Lesson& lesson : lessons) {
    if (word == lesson.number || word == lesson.short_number() || word == lesson.name ||
        word == lesson.folder.filename().string()) {
      return lesson;
    }
    known += fmt::format("\n  {} {}", lesson.short_number(), lesson.name);
  }
  throw UnknownId(
      fmt::format("there is no lesson \"{}\". {}{}", word,
                  known.empty() ? "There is none yet." : "These are:", known));
}

}  // namespace course::experiments
