#include "reading/compiler_output.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <optional>
#include <regex>
#include <utility>

#include "catalogue/files.hpp"
#include "machine/limits.hpp"

namespace course::reading {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_message = 400;

// "job_queue.hpp:41:7: error: …": a place and, after it, what is said there.
struct Placed {
  std::string file;
  int line;
  std::string rest;
};

std::optional<Placed> placed(const std::string& text) {
  static const std::regex form(
      R"(^(?:In file included from |\s+from )?([^\s:][^:]*):(\d+)(?::\d+)?[:,]\s*(.*)$)");
  std::smatch match;
  if (text.size() > 4000 || !std::regex_match(text, match, form)) return std::nullopt;
  return Placed{match[1], std::stoi(match[2]), match[3]};
}

// The lines, each with a whole name where it begins with a file's: a compiler cache calls files by
// their names from the folder in which the compiler ran.
std::vector<std::string> lines_with_whole_names(const std::string& output,
                                                const fs::path& folder) {
  std::vector<std::string> lines = lines_of(output);
  for (std::string& line : lines) {
    const auto place = placed(line);
    if (!place || place->file.starts_with('<') || !fs::path(place->file).is_relative())
      continue;
    line.replace(line.find(place->file), place->file.size(),
                 (folder / place->file).lexically_normal().string());
  }
  return lines;
}

bool is_error(const std::string& rest) {
  return rest.starts_with("error: ") || rest.starts_with("fatal error: ");
}

bool same_file(const std::string& named, const fs::path& file) {
  return fs::path(named).lexically_normal() == file.lexically_normal();
}

// Types as people write them.
std::string in_short(std::string message) {
  static const std::vector<std::pair<std::regex, std::string>> shorter{
      {std::regex(R"(std::__cxx11::basic_string<char>)"), "std::string"},
      {std::regex(R"(\s*\[with [^\]]*\])"), ""},
      {std::regex(R"(, std::allocator<[^<>]*>\s*)"), ""},
      {std::regex(R"(\s*\[-W[^\]]*\])"), ""},
      {std::regex(R"(^(fatal )?error: |^warning: )"), ""},
  };
  for (const auto& [long_form, short_form] : shorter) {
    message = std::regex_replace(message, long_form, short_form);
  }
  if (message.size() > longest_message)
    message = message.substr(0, longest_message) + " …";
  return message;
}

// The lines "   41 |   jobs_.push(job);" and "      |   ^~~~" that GCC prints after a message;
// Clang's are the same without the bar.
std::string excerpt_after(const std::vector<std::string>& lines, std::size_t at) {
  std::string excerpt;
  for (std::size_t next = at + 1; next < lines.size() && next <= at + 2; ++next) {
    if (placed(lines[next]) || lines[next].empty() || lines[next][0] != ' ') break;
    excerpt += lines[next] + '\n';
  }
  return excerpt;
}

Diagnostic diagnostic_at(const std::vector<std::string>& lines, std::size_t at,
                         const Placed& place) {
  return {place.file, place.line, in_short(place.rest), excerpt_after(lines, at)};
}

// How the compiler came to the error at `at`: GCC tells it before, Clang after.
std::optional<int> line_that_led_to(const std::vector<std::string>& lines, std::size_t at,
                                    const fs::path& student_file) {
  const auto of_student = [&](const std::string& text) -> std::optional<int> {
    const auto place = placed(text);
    const bool usable =
        place && same_file(place->file, student_file) && !is_error(place->rest);
    return usable ? std::optional(place->line) : std::nullopt;
  };
  for (std::size_t before = at; before-- > 0;) {
    const auto place = placed(lines[before]);
    if (place && place->rest.starts_with("warning: ")) break;
    const bool leads = lines[before].find("required from") != std::string::npos ||
                       lines[before].find("In instantiation") != std::string::npos;
    if (const auto line = of_student(lines[before]); line && leads) return line;
  }
  for (std::size_t after = at + 1; after < lines.size(); ++after) {
    const auto place = placed(lines[after]);
    if (place && is_error(place->rest)) break;
    const bool leads = lines[after].find("in instantiation of") != std::string::npos;
    if (const auto line = of_student(lines[after]); line && leads) return line;
  }
  return std::nullopt;
}

// What CMake was told to say as it stopped, in one line: it wraps and indents its messages.
std::optional<std::string> cmake_message(const std::string& output) {
  static const std::regex form(
      R"(CMake Error at [^\n]*\(message\):\n+((?:  [^\n]+\n)+))");
  static const std::regex folds(R"(\s*\n\s*)");
  std::smatch match;
  if (!std::regex_search(output, match, form)) return std::nullopt;
  const std::string words = std::regex_replace(match[1].str(), folds, " ");
  return words.substr(2, words.size() - 3);
}

// What the linker misses that is no part of the student's program: a library of the
// compiler's, or a hook that it calls and that no runtime here has.
std::optional<std::string> link_fault(const std::string& output) {
  static const std::regex library(R"(ld(?:\.\w+)?: cannot find ([^\s:]+))");
  static const std::regex hook(
      R"((?:undefined reference to|undefined symbol:) [`']?(__(?:[atl]san|ubsan|sanitizer)_\w+))");
  std::smatch match;
  if (std::regex_search(output, match, library)) {
    return "the linker cannot find " + match[1].str() +
           ", which belongs to the compiler: run `autograder/course doctor`";
  }
  if (std::regex_search(output, match, hook)) {
    return "this compiler calls " + match[1].str() +
           ", which the course does not know: use one of those in autograder/compilers";
  }
  return std::nullopt;
}

// Without the lines of source that GCC shows: a student's text is no word of the compiler's.
std::string without_source(const std::string& output) {
  static const std::regex shown(R"(^ *\d* \|)");
  std::string said;
  for (const std::string& line : lines_of(output)) {
    const bool source = line.size() < 4000 && std::regex_search(line, shown);
    if (!source) said += line + '\n';
  }
  return said;
}

// What no change to the student's file can fix, nor building anew, and what can.
std::optional<std::string> machine_fault(const std::string& output) {
  static const std::vector<std::pair<std::regex, std::string>> faults{
      {std::regex("No space left on device"),
       "the disk is full: free some space and run this again"},
      {std::regex("Too many open files"),
       "too few files may be open at once: raise it with `ulimit -n 1024`"},
      {std::regex(
           "No CMAKE_CXX_COMPILER could be found|was not found in the PATH|is not a full "
           "path to an existing "
           "compiler|"
           "is not able to compile a simple test program|"
           "(c\\+\\+|g\\+\\+|clang\\+\\+)[-0-9]*: (not found|No such file or directory)"),
       "there is no working C++ compiler: run `autograder/course doctor`"},
  };
  for (const auto& [pattern, words] : faults) {
    if (std::regex_search(output, pattern)) return words;
  }
  return std::nullopt;
}

// A fault of the machine's, or of what was built before: the tree made anew may be without it.
std::optional<std::string> fault_of_the_tree(const std::string& output) {
  if (auto words = cmake_message(output)) return words;
  if (auto words = link_fault(output)) return words;
  static const std::vector<std::pair<std::regex, std::string>> faults{
      {std::regex("Permission denied"),
       "files in .build belong to another user: remove that folder, with sudo where it "
       "must be, and run this again"},
      {std::regex("cannot (create|read|open) (the )?precompiled header"),
       "a precompiled header in .build is damaged: remove that folder and run this "
       "again"},
      {std::regex("internal compiler error|PLEASE submit a bug report"),
       "the compiler itself crashed: run `autograder/course doctor`"},
      {std::regex("CMake Error"),
       "CMake cannot configure this tree: run `autograder/course doctor`"},
  };
  for (const auto& [pattern, words] : faults) {
    if (std::regex_search(output, pattern)) return words;
  }
  return std::nullopt;
}

std::optional<Diagnostic> compile_error(const std::vector<std::string>& lines,
                                        const fs::path& student_file) {
  for (std::size_t at = 0; at < lines.size(); ++at) {
    const auto place = placed(lines[at]);
    if (!place || !is_error(place->rest)) continue;
    Diagnostic found = diagnostic_at(lines, at, *place);
    if (same_file(found.file, student_file)) return found;
    const std::string inside = fs::path(found.file).filename().string();
    if (const auto line = line_that_led_to(lines, at, student_file)) {
      return Diagnostic{student_file.string(), *line,
                        found.message + " (inside " + inside + ")", found.excerpt};
    }
    return found;
  }
  return std::nullopt;
}

std::optional<Diagnostic> link_error(const std::vector<std::string>& lines) {
  static const std::regex form(
      R"(.*((undefined reference to|multiple definition of).*))");
  std::smatch match;
  for (const auto& line : lines) {
    if (line.size() < 4000 && std::regex_match(line, match, form)) {
      return Diagnostic{"", 0, in_short(match[1]), ""};
    }
  }
  return std::nullopt;
}

// "error: no such file: 'x'", "clang++: error: …": of the compiler itself, not of a line.
std::optional<Diagnostic> error_without_place(const std::vector<std::string>& lines) {
  static const std::regex form(R"(^((?!collect2)[\w+\-./]+: )?(fatal )?error: (.*)$)");
  std::smatch match;
  for (const auto& line : lines) {
    if (line.size() < 4000 && std::regex_match(line, match, form)) {
      return Diagnostic{"", 0, in_short(match[3]), ""};
    }
  }
  return std::nullopt;
}

}  // namespace

Shortage shortage_in(const std::string& output) {
  static const std::vector<std::pair<std::regex, Shortage>> signs{
      {std::regex("File too large|File size limit exceeded|signal 25\\b"),
       Shortage::file_size},
      {std::regex("CPU time limit exceeded|signal 24\\b"), Shortage::time},
      {std::regex("Killed signal terminated program|virtual memory exhausted|"
                  "out of memory|annot allocate memory|memory exhausted|std::bad_alloc"),
       Shortage::memory},
  };
  for (const auto& [pattern, shortage] : signs) {
    if (std::regex_search(output, pattern)) return shortage;
  }
  return Shortage::none;
}

std::string words_for(Shortage shortage) {
  std::string limit;
  switch (shortage) {
    case Shortage::memory:
      limit = machine::memory_limit_words();
      return limit.empty() ? "the compiler ran out of memory: close other programs and "
                             "run this again"
                           : "the compiler ran out of memory: " + limit;
    case Shortage::time:
      limit = machine::limit_words(RLIMIT_CPU);
      return limit.empty() ? "the compiler takes too long on this machine: close other "
                             "programs and run this again"
                           : "the compiler ran out of time: " + limit;
    case Shortage::file_size:
      limit = machine::limit_words(RLIMIT_FSIZE);
      return limit.empty()
                 ? "a file may not grow any further: make room for it and run this again"
                 : "a file may not grow any further: " + limit;
    case Shortage::output:
      return "the compiler printed without end: run `autograder/course doctor`";
    case Shortage::none:
      break;
  }
  return "";
}

BuildError first_error(const std::string& output, const fs::path& student_file,
                       const fs::path& folder) {
  const std::string said = without_source(output);
  if (const auto fault = machine_fault(said)) {
    return {true, {"", 0, *fault, ""}, Shortage::none, true};
  }
  if (const Shortage shortage = shortage_in(said); shortage != Shortage::none) {
    return {true, {"", 0, words_for(shortage), ""}, shortage};
  }
  if (const auto fault = fault_of_the_tree(said)) return {true, {"", 0, *fault, ""}};
  const auto lines = lines_with_whole_names(output, folder);
  if (auto error = compile_error(lines, student_file)) return {false, *error};
  if (auto error = link_error(lines)) return {false, *error};
  if (auto error = error_without_place(lines)) return {true, *error};
  return {
      true,
      {"", 0, "the build failed without an error message: run `autograder/course doctor`",
       ""}};
}

std::vector<Diagnostic> warnings_in(const std::string& output,
                                    const fs::path& student_file,
                                    const fs::path& folder) {
  const auto lines = lines_with_whole_names(output, folder);
  std::vector<Diagnostic> warnings;
  for (std::size_t at = 0; at < lines.size(); ++at) {
    const auto place = placed(lines[at]);
    if (!place || !place->rest.starts_with("warning: ")) continue;
    if (!same_file(place->file, student_file)) continue;
    Diagnostic warning = diagnostic_at(lines, at, *place);
    const auto same = [&](const Diagnostic& other) {
      return other.line == warning.line && other.message == warning.message;
    };
    if (std::none_of(warnings.begin(), warnings.end(), same)) {
      warnings.push_back(std::move(warning));
    }
  }
  return warnings;
}

}  // namespace course::reading
