#include "author/scaffold.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <regex>
#include <stdexcept>

#include "author/starters.hpp"
#include "author/weave.hpp"
#include "catalogue/files.hpp"
#include "catalogue/lesson.hpp"

namespace course::author {
namespace fs = std::filesystem;

namespace {

using Names = std::map<std::string, std::string>;  // "@lesson@" -> "16-name"

// "job_queue" -> "JobQueue"
std::string camel_case(const std::string& snake) {
  std::string camel;
  bool upper = true;
  for (const char c : snake) {
    if (c != '_') camel += upper ? static_cast<char>(std::toupper(c)) : c;
    upper = c == '_';
  }
  return camel;
}

// "job_queue" -> "job queue"
std::string words_of(std::string snake) {
  std::replace(snake.begin(), snake.end(), '_', ' ');
  return snake;
}

// "job_queue" -> "Job queue"
std::string title_of(const std::string& snake) {
  std::string title = words_of(snake);
  if (!title.empty()) title[0] = static_cast<char>(std::toupper(title[0]));
  return title;
}

std::string filled_in(std::string text, const Names& names) {
  for (const auto& [name, value] : names) {
    for (std::size_t at = 0; (at = text.find(name, at)) != std::string::npos;
         at += value.size()) {
      text.replace(at, name.size(), value);
    }
  }
  return text;
}

// Every template in templates/KIND with the names filled in; its suffix `.in` goes.
std::vector<NewFile> filled_in_templates(const fs::path& root, const std::string& kind,
                                         const Names& names) {
  const fs::path templates = root / "autograder" / "author" / "templates" / kind;
  std::vector<NewFile> files;
  for (const auto& entry : fs::recursive_directory_iterator(templates)) {
    if (!entry.is_regular_file()) continue;
    const fs::path relative =
        entry.path().lexically_relative(templates).replace_extension();
    files.push_back({root / filled_in(relative.string(), names),
                     filled_in(read_file(entry.path()), names)});
  }
  std::sort(files.begin(), files.end(),
            [](const NewFile& a, const NewFile& b) { return a.path < b.path; });
  return files;
}

std::vector<fs::path> write_all(const fs::path& root, const std::vector<NewFile>& files) {
  for (const NewFile& file : files) {
    if (!fs::exists(file.path)) continue;
    throw std::invalid_argument(file.path.lexically_relative(root).string() +
                                " already exists; nothing was written");
  }
  std::vector<fs::path> written;
  for (const NewFile& file : files) {
    write_file(file.path, file.text);
    written.push_back(file.path);
  }
  return written;
}

// Names that the templates of a lesson, or of an exercise, leave open.
Names names_of_lesson(const std::string& lesson) {
  const std::string stem = lesson_of(lesson).stem();
  return {{"@lesson@", lesson},
          {"@number@", lesson_of(lesson).short_number()},
          {"@stem@", stem},
          {"@Stem@", camel_case(stem)},
          {"@title@", words_of(stem)},
          {"@Title@", title_of(stem)}};
}

Names names_of_exercise(const std::string& lesson, const std::string& exercise,
                        const std::string& id) {
  return {{"@lesson@", lesson},
          {"@exercise@", exercise},
          {"@Exercise@", camel_case(exercise)},
          {"@title@", words_of(exercise)},
          {"@Title@", title_of(exercise)},
          {"@id@", id}};
}

// A section at the end of a text, or in a lesson's before its questions.
void add_section(const NewFile& section) {
  std::string text = read_file(section.path);
  const std::size_t questions = text.find("## Questions\n");
  text.insert(questions == std::string::npos ? text.size() : questions, section.text);
  write_file(section.path, text);
}

void weave_again(const fs::path& root, const fs::path& text) {
  write_file(text, weave(root, text, read_file(text)).text);
}

// One more than the highest number of the lesson's exercises.
std::string next_id(const fs::path& root, const std::string& lesson) {
  int highest = 0;
  const fs::path folder = root / "exercises" / lesson;
  if (fs::is_directory(folder)) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      const fs::path manifest = entry.path() / "exercise.toml";
      if (!fs::exists(manifest)) continue;
      const std::string id =
          toml::parse_file(manifest.string())["id"].value_or(std::string("0.0"));
      highest = std::max(highest, std::atoi(id.substr(id.find('.') + 1).c_str()));
    }
  }
  return fmt::format("{}.{}", lesson_of(lesson).short_number(), highest + 1);
}

bool is_exercise_anywhere(const fs::path& root, const std::string& exercise) {
  const auto pairs = pairs_in(root);
  return std::any_of(pairs.begin(), pairs.end(),
                     [&](const Pair& pair) { return pair.solution.stem() == exercise; });
}

void append_line(const fs::path& file, const std::string& line) {
  std::string text = fs::exists(file) ? read_file(file) : "";
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  write_file(file, text + line + '\n');
}

}  // namespace

std::string existing_lesson(const fs::path& root, const std::string& lesson) {
  for (const fs::path& folder : lesson_folders(root / "lessons")) {
    if (lesson_of(folder).is_named(lesson)) return folder.filename().string();
  }
  return "";
}

std::vector<NewFile> files_of_lesson(const fs::path& root, const std::string& lesson) {
  return filled_in_templates(root, "lesson", names_of_lesson(lesson));
}

std::vector<NewFile> files_of_exercise(const fs::path& root, const std::string& lesson,
                                       const std::string& exercise,
                                       const std::string& id) {
  return filled_in_templates(root, "exercise", names_of_exercise(lesson, exercise, id));
}

std::vector<NewFile> sections_of_exercise(const fs::path& root, const std::string& lesson,
                                          const std::string& exercise,
                                          const std::string& id) {
  const fs::path templates = root / "autograder" / "author" / "templates" / "section";
  std::vector<NewFile> sections;
  for (const std::string tree : {"lessons", "exercises", "solutions"}) {
    sections.push_back({root / tree / lesson / "README.md",
                        filled_in(read_file(templates / (tree + ".md.in")),
                                  names_of_exercise(lesson, exercise, id))});
  }
  return sections;
}

std::vector<fs::path> scaffold_lesson(const fs::path& root, const std::string& lesson) {
  if (!std::regex_match(lesson, std::regex("[0-9]{2}-[a-z][a-z0-9]*(-[a-z0-9]+)*"))) {
    throw std::invalid_argument(fmt::format(
        "`{}` names no lesson; write two digits and its name, such as 16-work-sharing",
        lesson));
  }
  if (const std::string taken = existing_lesson(root, lesson.substr(0, 2));
      !taken.empty()) {
    throw std::invalid_argument(fmt::format(
        "lesson {} is lessons/{} already; add an exercise with "
        "`autograder/course author new {} NAME`",
        lesson_of(lesson).short_number(), taken, lesson_of(lesson).short_number()));
  }
  const std::vector<fs::path> written = write_all(root, files_of_lesson(root, lesson));
  for (const fs::path& file : written) {
    if (file.extension() == ".md") weave_again(root, file);
  }
  return written;
}

std::vector<fs::path> scaffold_exercise(const fs::path& root, const std::string& lesson,
                                        const std::string& exercise) {
  const std::string folder = existing_lesson(root, lesson);
  if (folder.empty()) {
    throw std::invalid_argument(
        fmt::format("there is no lesson {}; begin it with `autograder/course "
                    "author new NN-name`",
                    lesson));
  }
  if (!std::regex_match(exercise, std::regex("[a-z][a-z0-9]*(_[a-z0-9]+)*"))) {
    throw std::invalid_argument(fmt::format(
        "`{}` names no exercise; write lower-case words, such as job_queue", exercise));
  }
  if (is_exercise_anywhere(root, exercise)) {
    throw std::invalid_argument(fmt::format(
        "there is an exercise {} already; names are used once in the course", exercise));
  }
  const std::string id = next_id(root, folder);
  auto files = files_of_exercise(root, folder, exercise, id);
  const fs::path name = exercise + ".hpp";
  for (const NewFile& file : files) {
    if (file.path != root / "solutions" / folder / name) continue;
    files.push_back({root / "exercises" / folder / exercise / name,
                     starter_of(read_marks(file.path, file.text))});
    break;
  }
  std::vector<fs::path> written = write_all(root, files);
  const fs::path list = root / "lessons" / folder / "CMakeLists.txt";
  append_line(list, "course_exercise(" + exercise + ")");
  written.push_back(list);
  for (const NewFile& section : sections_of_exercise(root, folder, exercise, id)) {
    add_section(section);
    weave_again(root, section.path);
    written.push_back(section.path);
  }
  if (fs::exists(root / "README.md")) {  // the map
    weave_again(root, root / "README.md");
    written.push_back(root / "README.md");
  }
  return written;
}

}  // namespace course::author
