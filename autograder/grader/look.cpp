#include "grader/look.hpp"

#include <cxxabi.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <sstream>

#include "catalogue/code.hpp"
#include "catalogue/files.hpp"
#include "reading/preprocessed.hpp"
#include "reading/source_folder.hpp"

namespace course::grader {
namespace {

namespace fs = std::filesystem;
using reading::Token;

using Words = std::set<std::string, std::less<>>;

bool begins_with_any(std::string_view text, const Words& beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](const std::string& one) { return text.starts_with(one); });
}

// "__no_sanitize__" is no_sanitize to the compiler.
std::string bare(std::string_view name) {
  if (name.starts_with("__")) name.remove_prefix(2);
  if (name.ends_with("__")) name.remove_suffix(2);
  return std::string(name);
}

// --- Words ----------------------------------------------------------------------------------

const Words assembly{"asm", "__asm", "__asm__"};

const Words of_sanitizers{"__tsan_",
                          "__asan_",
                          "__lsan_",
                          "__ubsan_",
                          "__msan_",
                          "__hwasan_",
                          "__sanitizer_",
                          "__interceptor_",
                          "AnnotateIgnore",
                          "AnnotateHappens",
                          "AnnotateBenignRace",
                          "AnnotateRWLock",
                          "AnnotateEnable",
                          "AnnotateNewMemory"};

const Words blinding{"no_sanitize", "no_address_safety_analysis",
                     "disable_sanitizer_instrumentation"};

// Attributes that decide what runs before the tests, or what is linked for a name.
const Words hidden_attributes{"alias", "constructor", "destructor",   "ifunc",
                              "naked", "optimize",    "section",      "symver",
                              "weak",  "weakref",     "init_priority"};

const Words into_the_program{"dlopen",           "dlsym",  "dlvsym",
                             "dlmopen",          "ptrace", "process_vm_readv",
                             "process_vm_writev"};

// The grader's names, and of each namespace those that are meant for a student's file.
const std::map<std::string, Words, std::less<>> namespaces_of_ours{
    {"testing", {}},
    {"benchmark", {}},
    {"interleave", {"name_thread"}},
    {"course", {"todo", "Step", "busywork"}}};

const Words macros_of_ours{"EXPECT_",      "ASSERT_",  "GTEST_",  "TEST",
                           "ADD_FAILURE",  "FAIL",     "SUCCEED", "STEP_TEST",
                           "SCOPED_TRACE", "BENCHMARK"};

const Words keywords{
    "alignas",  "alignof",  "auto",      "bool",         "break",    "case",
    "catch",    "char",     "class",     "concept",      "const",    "constexpr",
    "continue", "decltype", "default",   "delete",       "do",       "double",
    "else",     "enum",     "explicit",  "extern",       "false",    "float",
    "for",      "friend",   "goto",      "if",           "inline",   "int",
    "long",     "mutable",  "namespace", "new",          "noexcept", "nullptr",
    "operator", "private",  "protected", "public",       "register", "requires",
    "return",   "short",    "signed",    "sizeof",       "static",   "struct",
    "switch",   "template", "this",      "thread_local", "throw",    "true",
    "try",      "typedef",  "typename",  "union",        "unsigned", "using",
    "virtual",  "void",     "volatile",  "while"};

const Words harmless_pragmas{
    "once",       "GCC diagnostic", "clang diagnostic", "GCC unroll", "GCC ivdep",
    "clang loop", "GCC warning",    "GCC error",        "message",    "omp ",
    "STDC ",      "region",         "endregion"};

// Macros by which a file can ask where it is compiled.
const Words stages_asked_for{"NDEBUG", "__OPTIMIZE__", "__SANITIZE_THREAD__",
                             "__SANITIZE_ADDRESS__", "__has_feature"};

const Words clocks{"clock_gettime",   "gettimeofday", "time",   "clock", "nanosleep",
                   "clock_nanosleep", "timespec_get", "usleep", "sleep"};

// `#line 1 "file"`, `# 1 "file"`, `%: 1 "file"`, or a directive with a comment in it.
bool says_which_file(std::string_view line) {
  const auto skip_blanks = [&] {
    while (!line.empty() && std::isspace(static_cast<unsigned char>(line[0])) != 0) {
      line.remove_prefix(1);
    }
  };
  skip_blanks();
  if (!line.starts_with('#') && !line.starts_with("%:")) return false;
  line.remove_prefix(line[0] == '#' ? 1 : 2);
  skip_blanks();
  return line.starts_with("line") || line.starts_with("/*") ||
         (!line.empty() && std::isdigit(static_cast<unsigned char>(line[0])) != 0);
}

// --- The look -------------------------------------------------------------------------------

class Looking {
 public:
  Looking(const Look& look, const Subject& subject, const Trees& trees,
          std::string_view preset)
      : look_(look),
        subject_(subject),
        root_(trees.root()),
        tree_(trees.tree(preset)),
        file_(subject.file(tree_)) {}

  std::vector<Finding> all() {
    look_as_written();
    if (!findings_.empty()) return findings_;  // its markers could be its own
    const reading::Preprocessed seen = reading::read_preprocessed(
        look_.preprocessed, file_, [&](const std::string& name) { return whole(name); });
    for (std::size_t at = 0; at < seen.tokens.size(); ++at)
      look_at_token(seen.tokens, at);
    look_at_macros(seen.macros);
    for (const Token& pragma : seen.pragmas) look_at_pragma(pragma);
    for (const auto& include : seen.includes) look_at_include(include);
    look_at_symbols();
    std::stable_sort(findings_.begin(), findings_.end(),
                     [](const Finding& a, const Finding& b) { return a.line < b.line; });
    return findings_;
  }

 private:
  // `name` is what an exercise would allow. A name on one line is reported once.
  void add(Verdict verdict, const std::string& name, int line, std::string what) {
    for (const Allowed& allowed : subject_.exercise->allowed) {
      if (allowed.name == name) return;
    }
    if (!told_.insert(fmt::format("{}:{}", line, name)).second) return;
    Finding finding;
    finding.verdict = verdict;
    finding.what = std::move(what);
    finding.file = file_.string();
    finding.line = line;
    findings_.push_back(std::move(finding));
  }

  // -- As written

  void look_as_written() {
    const std::vector<std::string> lines = lines_of(look_.file);
    for (std::size_t at = 0; at < lines.size(); ++at) {
      const int number = static_cast<int>(at) + 1;
      std::string line = lines[at];
      while (trimmed(line).ends_with('\\') && at + 1 < lines.size()) {
        line = std::string(trimmed(line));
        line.pop_back();
        line += lines[++at];
      }
      if (at == 0 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
      look_at_directive(line, number);
    }
    int line = 1;
    for (const Token& token : reading::tokens_of(code_of(look_.file), line)) {
      if (!stages_asked_for.contains(token.text)) continue;
      add(Verdict::failed, token.text, token.line,
          fmt::format("asks through {} in which stage it is compiled: the same code must "
                      "hold in every stage",
                      token.text));
    }
  }

  // A line that says which file the following ones are of, in any spelling; also in a text or a
  // comment, which only a compiler could tell from code.
  void look_at_directive(std::string_view line, int number) {
    bool renames = says_which_file(line);
    for (std::size_t at = line.find("*/"); at != line.npos;
         at = line.find("*/", at + 2)) {
      renames = renames || says_which_file(line.substr(at + 2));
    }
    if (!renames) return;
    add(Verdict::tampered, "line", number,
        "gives its lines another file's name, or hides a directive in a comment: take "
        "this line out");
  }

  // -- Tokens

  void look_at_token(const std::vector<Token>& tokens, std::size_t at) {
    const Token& token = tokens[at];
    const auto next = [&](std::size_t ahead) -> std::string_view {
      return at + ahead < tokens.size() ? tokens[at + ahead].text : std::string_view();
    };
    look_at_word(token);
    if (token.text == "extern" && next(1) == "\"C\"") {
      add(Verdict::failed, "extern C", token.line,
          "declares names of C itself, which can stand for the system's: include the "
          "header that declares them");
    } else if (token.text == "now" && next(1) == "(" && defines_clock(tokens, at)) {
      add(Verdict::tampered, "now", token.line,
          "defines a clock of the library's anew: take it out");
    } else if (token.text == "__attribute__" || token.text == "__attribute" ||
               (token.text == "[" && next(1) == "[")) {
      look_at_attribute(tokens, at);
    } else {
      look_at_name(tokens, at);
    }
  }

  // What is refused wherever it stands.
  void look_at_word(const Token& token) {
    if (assembly.contains(token.text)) {
      add(Verdict::failed, "asm", token.line,
          "uses inline assembly, into which no stage can look: write it in C++");
    } else if (begins_with_any(bare(token.text), blinding)) {
      add(Verdict::tampered, bare(token.text), token.line,
          fmt::format("hides code from a sanitizer with `{}`: take it out", token.text));
    } else if (begins_with_any(token.text, of_sanitizers)) {
      add(Verdict::tampered, token.text, token.line,
          fmt::format("names `{}`, which is the sanitizer's: take it out", token.text));
    } else if (into_the_program.contains(token.text)) {
      add(Verdict::failed, token.text, token.line,
          fmt::format("looks into its own program with `{}`: take it out", token.text));
    }
  }

  // `steady_clock::now() noexcept {`
  static bool defines_clock(const std::vector<Token>& tokens, std::size_t at) {
    if (at < 2 || tokens[at - 1].text != "::" ||
        !tokens[at - 2].text.ends_with("clock")) {
      return false;
    }
    std::size_t end = at + 1;
    while (end < tokens.size() && tokens[end].text != ")") ++end;
    ++end;
    if (end < tokens.size() && tokens[end].text == "noexcept") ++end;
    return end < tokens.size() && tokens[end].text == "{";
  }

  void look_at_attribute(const std::vector<Token>& tokens, std::size_t at) {
    int depth = 0;
    for (std::size_t i = at; i < tokens.size(); ++i) {
      const std::string& text = tokens[i].text;
      if (text == "(" || text == "[") ++depth;
      if ((text == ")" || text == "]") && --depth == 0) return;
      if (!hidden_attributes.contains(bare(text))) continue;
      add(Verdict::failed, bare(text), tokens[i].line,
          fmt::format(
              "the attribute `{}` changes what is linked, or what runs before the "
              "tests: take it out",
              bare(text)));
    }
  }

  // `namespace testing`, `interleave::check`
  void look_at_name(const std::vector<Token>& tokens, std::size_t at) {
    const auto ours = namespaces_of_ours.find(tokens[at].text);
    if (ours == namespaces_of_ours.end()) return;
    const bool renames =
        at > 2 && tokens[at - 1].text == "=" && tokens[at - 3].text == "namespace";
    const bool opens = renames || (at > 0 && tokens[at - 1].text == "namespace");
    const bool qualifies = at + 2 < tokens.size() && tokens[at + 1].text == "::" &&
                           !ours->second.contains(tokens[at + 2].text);
    const bool member =
        at > 0 && (tokens[at - 1].text == "." || tokens[at - 1].text == ">");
    if (member || (!opens && !qualifies)) return;
    const std::string name =
        opens ? tokens[at].text : tokens[at].text + "::" + tokens[at + 2].text;
    add(Verdict::tampered, name, tokens[at].line,
        fmt::format("{} `{}`, which is the grader's: take it out",
                    opens ? "opens namespace" : "names", name));
  }

  // -- Macros and pragmas

  // The words of all that is compiled after the file: the tests and what they are written in.
  [[nodiscard]] Words words_of_tests() const {
    const Exercise& exercise = *subject_.exercise;
    std::vector<fs::path> files{
        exercise.manifest.parent_path() / (exercise.name + "_test.cpp"),
        root_ / "bench" / exercise.lesson / (exercise.name + "_gate.cpp"),
        root_ / "autograder/interleave/interleave.hpp"};
    for (const auto& entry :
         fs::directory_iterator(root_ / "autograder/harness/course")) {
      files.push_back(entry.path());
    }
    Words words;
    for (const fs::path& file : files) {
      if (!fs::exists(file)) continue;
      for (Token& token : reading::tokens_of(code_of(read_file(file)))) {
        words.insert(std::move(token.text));
      }
    }
    return words;
  }

  void look_at_macros(const std::vector<Token>& macros) {
    if (macros.empty()) return;
    const Words of_tests = words_of_tests();
    for (const Token& macro : macros) {
      const std::string& name = macro.text;
      const bool reserved =
          name.starts_with("__") ||
          (name.size() > 1 && name[0] == '_' && std::isupper(name[1]) != 0);
      if (keywords.contains(name)) {
        add(Verdict::tampered, name, macro.line,
            fmt::format("redefines the keyword `{}`: take it out", name));
      } else if (begins_with_any(name, macros_of_ours) || of_tests.contains(name)) {
        add(Verdict::tampered, name, macro.line,
            fmt::format("redefines {}, which its own tests rely on", name));
      } else if (reserved) {
        add(Verdict::failed, name, macro.line,
            fmt::format("defines {}, a name that is the compiler's: take another", name));
      }
    }
  }

  void look_at_pragma(const Token& pragma) {
    if (begins_with_any(pragma.text, harmless_pragmas)) return;
    std::istringstream words(pragma.text);
    std::string name;
    words >> name;
    if (name == "GCC" || name == "clang") words >> name;
    add(Verdict::failed, name, pragma.line,
        fmt::format("`#pragma {}` changes how the program is built: take it out", name));
  }

  // -- Includes

  // As the compiler names it, from the tree that it runs in.
  [[nodiscard]] fs::path whole(std::string name) const {
    if (name.starts_with(reading::any_folder)) {
      name.replace(0, reading::any_folder.size(), root_.string() + "/");
    }
    return (tree_ / name).lexically_normal();
  }

  [[nodiscard]] bool is_below(const fs::path& file, const fs::path& folder) const {
    return file.string().starts_with(folder.lexically_normal().string() + "/");
  }

  [[nodiscard]] bool may_be_included(const fs::path& file) const {
    const Exercise& exercise = *subject_.exercise;
    const std::array<fs::path, 5> open{
        root_ / "lessons", root_ / "autograder/harness", root_ / "autograder/interleave",
        root_ / "autograder/machine",
        tree_ / "earlier" / exercise.lesson / exercise.name};
    const fs::path earlier = open.back() / file.filename();
    if (subject_.variant == "solution" && fs::exists(earlier)) return true;
    const bool is_open =
        std::any_of(open.begin(), open.end(),
                    [&](const fs::path& folder) { return is_below(file, folder); });
    return is_open || file == file_ || file.filename() == "cmake_pch.hxx" ||
           file.string().find("/_deps/") != std::string::npos ||
           (is_below(file, root_ / "bench") && file.extension() == ".hpp");
  }

  // What the tests and the lessons include is their own affair, unless it is found in the folder
  // of the file that is graded, before the course's.
  void look_at_include(const reading::Include& include) {
    const bool by_student = include.from == file_;
    const bool beside = is_below(include.file, file_.parent_path());
    if (include.system || may_be_included(include.file) || !(by_student || beside))
      return;
    const std::string name = is_below(include.file, root_)
                                 ? include.file.lexically_relative(root_).string()
                                 : include.file.string();
    add(by_student ? Verdict::failed : Verdict::tampered, name,
        by_student ? include.line : 1,
        by_student
            ? fmt::format(
                  "includes {}: only the standard library, the system's headers, the "
                  "lesson's and the course's may be included",
                  name)
            : fmt::format("{} is found in place of a header of the course: take it away",
                          name));
  }

  // -- Symbols

  void look_at_symbols() {
    std::istringstream lines(look_.symbols);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream fields(line);
      std::string name;
      char kind = '?';
      fields >> name >> kind;
      // Upper case is seen by the linker; a U and a w are only needed.
      const bool defined =
          std::string_view("ABCDGRSTVWu").find(kind) != std::string::npos;
      if (defined) look_at_definition(name, kind);
    }
  }

  void look_at_definition(const std::string& name, char kind) {
    static const Words whole_namespaces{
        "_ZN7testing", "_ZNK7testing", "_ZN10interleave", "_ZNK10interleave",
        "_ZN6course",  "_ZNK6course",  "_ZNSt",           "_ZNKSt",
        "_ZSt"};
    static const Words allocation{"_Znw", "_Zna", "_Zdl", "_Zda"};
    static const Words of_the_compiler{"DW.ref.",    "__clang_call_terminate",
                                       "__odr_asan", "__emutls",
                                       "___asan_",   "__asan_gen",
                                       ".",          "__start_"};
    const bool function = kind == 'T' || kind == 'W';
    const bool of_ours =
        function && kind != 'W' && begins_with_any(name, whole_namespaces);
    const bool clock =
        name.find("_clock3nowEv") != name.npos && name.starts_with("_ZNSt");
    // A variable outside of every namespace has a name of C's form too.
    const bool of_c = (function && !name.starts_with("_Z") &&
                       !begins_with_any(name, of_the_compiler)) ||
                      begins_with_any(name, of_sanitizers);
    if (!of_ours && !clock && !of_c && !begins_with_any(name, allocation)) return;
    const std::string readable = demangled(name);
    const std::string said = clock || clocks.contains(name)            ? "the clock's"
                             : begins_with_any(name, of_sanitizers)    ? "the sanitizer's"
                             : (of_ours && !name.starts_with("_ZNSt")) ? "the grader's"
                                                                       : "the system's";
    add(Verdict::tampered, readable, line_of(readable),
        fmt::format("defines `{}`, a name of {}: take it out", readable, said));
  }

  static std::string demangled(const std::string& name) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> text(
        abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), std::free);
    return status == 0 ? text.get() : name;
  }

  // The first line that has the last word of a name before its arguments.
  [[nodiscard]] int line_of(const std::string& readable) const {
    const std::size_t end = std::min(readable.find('('), readable.size());
    std::size_t begin = end;
    while (begin > 0 &&
           (std::isalnum(static_cast<unsigned char>(readable[begin - 1])) != 0 ||
            readable[begin - 1] == '_')) {
      --begin;
    }
    const std::string word = readable.substr(begin, end - begin);
    for (const Token& token : reading::tokens_of(code_of(look_.file))) {
      if (token.text == word) return token.line;
    }
    return 1;
  }

  const Look& look_;
  const Subject& subject_;
  const fs::path root_;
  const fs::path tree_;
  const fs::path file_;  // that is graded
  std::vector<Finding> findings_;
  std::set<std::string> told_;
};

std::string program_for(const Subject& subject, const Trees& trees,
                        std::string_view preset) {
  return (trees.tree(preset) / "graded" / subject.target()).string();
}

}  // namespace

bool was_compiled(const Subject& subject, const Trees& trees, std::string_view preset) {
  return fs::exists(program_for(subject, trees, preset) + ".symbols");
}

std::vector<Finding> look_at(const Subject& subject, const Trees& trees,
                             std::string_view preset) {
  const std::string program = program_for(subject, trees, preset);
  Look look;
  try {
    look = {read_file(subject.file(trees.tree(preset))), read_file(program + ".i"),
            read_file(program + ".symbols")};
  } catch (const Mistake& missing) {
    Finding finding;
    finding.verdict = Verdict::environment;
    finding.what = fmt::format("{}; remove {} and run this again", missing.what(),
                               trees.tree(preset).string());
    return {finding};
  }
  return look_at(look, subject, trees, preset);
}

std::vector<Finding> look_at(const Look& look, const Subject& subject, const Trees& trees,
                             std::string_view preset) {
  return Looking(look, subject, trees, preset).all();
}

}  // namespace course::grader
