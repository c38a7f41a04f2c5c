#include "author/weave.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <regex>

#include "author/demo_record.hpp"
#include "author/markdown.hpp"
#include "author/marks.hpp"
#include "catalogue/claims.hpp"
#include "catalogue/files.hpp"
#include "catalogue/manifest.hpp"
#include "grader/map.hpp"
#include "grader/promises.hpp"
#include "grader/result.hpp"
#include "grader/what_next.hpp"

namespace course::author {
namespace fs = std::filesystem;

namespace {

std::string language_of(const fs::path& file) {
  static const std::map<std::string, std::string> by_extension{
      {".cpp", "cpp"},   {".hpp", "cpp"},     {".toml", "toml"}, {".sh", "sh"},
      {".json", "json"}, {".cmake", "cmake"}, {".diff", "diff"}, {".md", "markdown"}};
  if (file.filename() == "CMakeLists.txt") return "cmake";
  const auto found = by_extension.find(file.extension().string());
  return found == by_extension.end() ? "text" : found->second;
}

// A fence longer than any in the text.
std::string fenced(const std::string& language, std::string text) {
  std::string fence = "```";
  while (text.find(fence) != std::string::npos) fence += '`';
  if (!text.ends_with('\n')) text += '\n';
  return fence + language + '\n' + text + fence + '\n';
}

// lessons/NN-name for a text about that lesson, wherever in the course the text stands.
fs::path lesson_of(const fs::path& root, const fs::path& file) {
  const fs::path inside = file.lexically_relative(root);
  auto part = inside.begin();
  if (part != inside.end() && ++part != inside.end()) {
    const fs::path folder = root / "lessons" / *part;
    if (fs::is_directory(folder)) return folder;
  }
  throw std::runtime_error(
      "output and steps are woven into the texts of a lesson, and this is none");
}

std::string words_for_gate(const std::string& name, const Exercise& exercise) {
  for (const GateRule& gate : exercise.gates) {
    if (gate.name != name) continue;
    if (gate.kind == GateRule::Kind::gain) {
      return "gains over `" + gate.over + "` about as much as the solution";
    }
    if (gate.kind == GateRule::Kind::claim) return "is true here: your `defence.toml`";
  }
  return "is about as fast as the solution";
}

// What a student can expect of a promise: a step says it itself.
std::string words_for(const grader::Promise& promise, const Exercise& exercise) {
  switch (promise.kind) {
    case grader::Promise::Kind::step:
      return promise.title;
    case grader::Promise::Kind::cost:
      return "`" + promise.title + "` costs no more than it must";
    case grader::Promise::Kind::gate:
      return "`" + promise.title + "` " + words_for_gate(promise.title, exercise);
  }
  return "";
}

std::string table_of(const Exercise& exercise) {
  std::string table = "| | promise | points |\n|---|---|---|\n";
  for (const auto& promise : grader::promises_of(exercise, {})) {
    table += fmt::format("| {} | {} | {} |\n", heading_of(promise),
                         words_for(promise, exercise), promise.of);
  }
  return table;
}

// "lessons/01-name" and "P3" -> "autograder/course demo 1 P3"
std::string demo_command(const fs::path& lesson, const std::string& claim) {
  return fmt::format("autograder/course demo {} {}",
                     std::stoi(lesson.filename().string()), claim);
}

class Weaver {
 public:
  Weaver(const fs::path& root, const fs::path& file) : root_(root), file_(file) {}

  Woven weave(const std::vector<std::string>& lines) {
    static const std::regex opening("<!-- weave ([a-z]+) ([^ ]+) -->");
    Fences fences;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const bool prose = fences.is_prose(lines[i]);
      out_.text += lines[i] + '\n';
      if (!prose || !lines[i].starts_with("<!-- ")) continue;
      std::smatch match;
      if (std::regex_match(lines[i], match, opening)) {
        i = weave_block(lines, i, match[1], match[2]);
      } else if (lines[i].find("weave") != std::string::npos) {
        mistake(
            i,
            "this is no weave; write `<!-- weave KIND WHAT -->`, and after what it "
            "holds `<!-- /weave -->`, with code FILE, code FILE#REGION, output CLAIM, "
            "steps EXERCISE, map COUNT or claims all for KIND WHAT");
      }
    }
    return std::move(out_);
  }

 private:
  // Returns the index of the line that closes the block.
  std::size_t weave_block(const std::vector<std::string>& lines, std::size_t open,
                          const std::string& kind, const std::string& what) {
    std::size_t close = open + 1;
    while (close < lines.size() && lines[close] != "<!-- /weave -->" &&
           !lines[close].starts_with("<!-- weave ")) {
      ++close;
    }
    if (close == lines.size() || lines[close] != "<!-- /weave -->") {
      mistake(open, "this is never closed; add `<!-- /weave -->` after what it holds");
      return open;
    }
    const auto woven = content(open, kind, what);
    for (std::size_t i = open + 1; i < close && !woven; ++i) out_.text += lines[i] + '\n';
    out_.text += woven.value_or("") + lines[close] + '\n';
    return close;
  }

  std::optional<std::string> content(std::size_t line, const std::string& kind,
                                     const std::string& what) {
    try {
      if (kind == "code") return code(what);
      if (kind == "output") return output(what);
      if (kind == "steps") return steps(what);
      if (kind == "map") return map(what);
      if (kind == "claims") return claims();
      throw std::runtime_error(
          "`" + kind +
          "` cannot be woven; `code`, `output`, `steps`, `map` and `claims` can");
    } catch (const std::exception& error) {
      mistake(line, error.what());
      return std::nullopt;
    }
  }

  std::string code(const std::string& what) const {
    const std::size_t hash = what.find('#');
    const std::string name = what.substr(0, hash);
    const fs::path beside = file_.parent_path() / name;
    const fs::path file = fs::is_regular_file(beside) ? beside : root_ / name;
    if (!fs::is_regular_file(file)) {
      throw std::runtime_error(
          fmt::format("there is no {}, neither beside this text nor from the "
                      "course's folder",
                      name));
    }
    const std::string text = read_file(file);
    if (hash == std::string::npos) return fenced(language_of(file), without_marks(text));
    const MarkedSource source = read_marks(file.lexically_relative(root_), text);
    return fenced(language_of(file), region_of(source, what.substr(hash + 1)));
  }

  std::string output(const std::string& claim) const {
    const fs::path lesson = lesson_of(root_, file_);
    const DemoRecord record = read_demo_record(lesson);
    const auto found = record.claims.find(claim);
    if (found == record.claims.end()) {
      std::string there;
      for (const auto& [id, text] : record.claims) there += " " + id;
      throw std::runtime_error(fmt::format("demo.txt has no claim {}; it has{}", claim,
                                           there.empty() ? " none" : there));
    }
    return fenced("text", found->second) + fmt::format("\n`{}` on {}, {}.\n",
                                                       demo_command(lesson, claim),
                                                       record.machine, record.date);
  }

  std::string steps(const std::string& exercise) const {
    const fs::path manifest = root_ / "exercises" / lesson_of(root_, file_).filename() /
                              exercise / "exercise.toml";
    return table_of(load_exercise(root_, manifest));
  }

  std::string claims() const {
    std::string table = "| | the claim | shown by |\n|---|---|---|\n";
    for (const Claim& claim : load_claims(root_)) {
      std::string shown;
      const std::vector<std::string> commands = claim.commands();
      for (std::size_t i = 0; i < commands.size(); ++i) {
        const Lesson& lesson = claim.lessons[i];
        shown += fmt::format("{}[lesson {}]({}/README.md): `{}`",
                             shown.empty() ? "" : "<br>", lesson.short_number(),
                             lesson.folder.filename().string(), commands[i]);
      }
      table += fmt::format("| {} | {} | {} |\n", claim.id, claim.says, shown);
    }
    return table;
  }

  std::string map(const std::string& count) const {
    const Course course = load_course(root_);
    const auto states = grader::fresh_states_of(course);
    return fenced("", "$ autograder/course --yes\n" +
                          grader::map_of(states, false, std::stoul(count)) + "\n" +
                          grader::ending_of(grader::next_of(course, states)));
  }

  void mistake(std::size_t line, const std::string& what) {
    out_.mistakes.push_back(
        Mistake(file_.lexically_relative(root_), line + 1, what).what());
  }

  const fs::path& root_;
  const fs::path& file_;
  Woven out_;
};

}  // namespace

Woven weave(const fs::path& root, const fs::path& file, std::string_view text) {
  return Weaver(root, file).weave(lines_of(text));
}

}  // namespace course::author
