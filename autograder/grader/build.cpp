#include "grader/build.hpp"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <system_error>
#include <thread>

#include "catalogue/files.hpp"
#include "process/limits.hpp"
#include "process/process.hpp"

namespace course::grader {
namespace {

namespace fs = std::filesystem;

using OutputListener = std::function<void(std::string_view)>;
using reading::Shortage;

constexpr double longest_build = 600;  // seconds

// Of each process of a build: several times what the largest program of the course takes.
constexpr unsigned longest_compile = 120;                   // seconds of processor time
constexpr std::size_t largest_file = 1 << 30;               // bytes
constexpr std::size_t longest_output = 64 << 20;            // bytes, of all together
constexpr std::size_t most_memory = std::size_t{4} << 30;   // bytes
constexpr std::size_t least_memory = std::size_t{1} << 30;  // bytes

// Three quarters of the machine's, within these bounds.
std::size_t memory_of_a_compile() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0) return most_memory;
  const auto all = static_cast<std::size_t>(pages) * static_cast<std::size_t>(page);
  return std::clamp(all / 4 * 3, least_memory, most_memory);
}

// Held while a tree is being built: ninja itself does not keep two apart.
class TreeLock {
 public:
  explicit TreeLock(const fs::path& tree) {
    const fs::path file = tree / "course.lock";
    make_way_for(file);
    descriptor_ = ::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    if (descriptor_ < 0 && errno == EACCES && ::unlink(file.c_str()) == 0) {
      descriptor_ = ::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    }
    if (descriptor_ < 0) {
      throw std::system_error(errno, std::generic_category(),
                              "cannot write " + file.string());
    }
    const auto deadline = std::chrono::steady_clock::now() +
                          std::chrono::duration<double>(2 * longest_build);
    while (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      if (std::chrono::steady_clock::now() > deadline) {
        ::close(descriptor_);
        throw std::runtime_error("another grading has not finished building in " +
                                 tree.string() + ": stop it");
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  ~TreeLock() { ::close(descriptor_); }
  TreeLock(const TreeLock&) = delete;
  TreeLock& operator=(const TreeLock&) = delete;

 private:
  int descriptor_ = -1;
};

// --- Whether a tree is whole ------------------------------------------------------------

bool ends_with(const fs::path& file, std::string_view end) {
  constexpr std::streamoff enough = 256;
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  const std::streamoff size = in.tellg();
  in.seekg(std::max<std::streamoff>(0, size - enough));
  std::string text(enough, ' ');
  in.read(text.data(), enough);
  text.resize(static_cast<std::size_t>(in.gcount()));
  const std::size_t last = text.find_last_not_of(" \n");
  return last != text.npos && std::string_view(text).substr(0, last + 1).ends_with(end);
}

// Whether CMake wrote both files to their end, for `preset`. It would continue with half.
bool is_configured(const fs::path& tree, std::string_view preset) {
  std::error_code unreadable;
  const fs::path ninja = tree / "build.ninja";
  const fs::path cache = tree / "CMakeCache.txt";
  if (!fs::is_regular_file(ninja, unreadable) ||
      !fs::is_regular_file(cache, unreadable) || !ends_with(ninja, "default all")) {
    return false;
  }
  const std::string entries = read_own_file(cache);
  return entries.find("\nCOURSE_STAGE:STRING=" + std::string(preset) + "\n") !=
             entries.npos &&
         entries.find("\nCMAKE_CXX_FLAGS:STRING=") != entries.npos &&
         entries.find("\nCMAKE_HOME_DIRECTORY:INTERNAL=") != entries.npos;
}

// Leaves nothing of a tree but what is no part of it: its lock, the program that runs, and what
// `author mutate` knows.
void empty_tree(const fs::path& tree) {
  for (const auto& entry : fs::directory_iterator(tree)) {
    const std::string name = entry.path().filename();
    if (name != "course.lock" && name != "course" && name != "mutate") {
      fs::remove_all(entry.path());
    }
  }
}

// Whether what the compiler made of a program is there from its first byte to its last, as
// cmake/compile_and_look leaves it.
bool is_looked_at(const fs::path& program) {
  std::error_code unreadable;
  const fs::path code = program.native() + ".i";
  const std::uintmax_t size = fs::file_size(code, unreadable);
  const fs::path symbols = program.native() + ".symbols";
  return !unreadable && ::access(code.c_str(), R_OK) == 0 &&
         fs::is_regular_file(symbols, unreadable) &&
         ends_with(symbols, fmt::format("\n# looked at {}", size));
}

// Takes away the objects of a target of which less is left than the grader looks at: what is
// compiled again is looked at again.
void remove_objects_unless_looked_at(const fs::path& tree, const std::string& target) {
  const fs::path program = tree / "graded" / target;
  if (is_looked_at(program)) return;
  std::error_code unreadable;
  for (const char* end : {".i", ".symbols"}) {
    const fs::path file = program.native() + end;
    if (fs::is_directory(file, unreadable)) fs::remove_all(file, unreadable);
  }
  const std::string folder = "/" + target + ".dir/";
  for (fs::recursive_directory_iterator at(tree, unreadable), last; at != last;
       at.increment(unreadable)) {
    const fs::path& file = at->path();
    const bool of_target = file.native().find(folder) != std::string::npos;
    if (of_target && file.extension() == ".o") fs::remove(file, unreadable);
  }
}

// --- Building ---------------------------------------------------------------------------

// What a limit of ours, and not of the shell's, ended without a word of the compiler's.
Shortage silent_shortage(const process::Outcome& outcome) {
  if (outcome.end == process::End::endless_output) return Shortage::output;
  if (outcome.end == process::End::timed_out) return Shortage::time;
  const bool crashed =
      outcome.output.find("PLEASE submit a bug report") != std::string::npos;
  const bool long_enough = outcome.processor_seconds > 0.9 * longest_compile;
  return crashed && long_enough ? Shortage::time : Shortage::none;
}

BuildResult result_of(const process::Outcome& outcome, const fs::path& student_file,
                      const fs::path& tree) {
  BuildResult result;
  result.output = outcome.output;
  result.seconds = outcome.seconds;
  result.built = outcome.exited_with(0);
  if (result.built) return result;
  result.error = reading::first_error(outcome.output, student_file, tree);
  const Shortage shortage = silent_shortage(outcome);
  if (shortage != Shortage::none) {
    result.error = {true, {"", 0, words_for(shortage), ""}, shortage};
  } else if (result.error.shortage != Shortage::none) {
    return result;  // of which limit, ours or the shell's, the solution's build tells
  } else if (const std::string limit = limit_that_ended(outcome); !limit.empty()) {
    result.error = {true, {"", 0, "the build was stopped: " + limit, ""}};
    result.error.certain = true;
  } else if (outcome.end != process::End::exited) {
    result.error = {true, {"", 0, "the build was " + words_for(outcome), ""}};
    result.error.certain = outcome.end == process::End::stopped;
  }
  return result;
}

std::string limit_in_words(Shortage shortage) {
  switch (shortage) {
    case Shortage::memory:
      return fmt::format("{} GiB of memory", memory_of_a_compile() >> 30);
    case Shortage::time:
      return fmt::format("{} s of processor time", longest_compile);
    case Shortage::file_size:
      return fmt::format("{} GiB for a file", largest_file >> 30);
    default:
      return fmt::format("{} MiB of messages", longest_output >> 20);
  }
}

// One request to build, with its tree's lock held.
class TreeBuild {
 public:
  TreeBuild(const Trees& trees, std::string_view preset, const fs::path& student_file,
            unsigned jobs, std::stop_token stop, const OutputListener& on_output)
      : trees_(trees),
        preset_(preset),
        tree_(trees.tree(preset)),
        student_file_(student_file),
        jobs_(jobs),
        stop_(std::move(stop)),
        on_output_(on_output),
        lock_(tree_) {}

  BuildResult run(const std::vector<std::string>& targets) {
    if (!is_configured(tree_, preset_)) empty_tree(tree_);
    for (const std::string& target : targets) {
      remove_unless_whole(tree_ / "graded" / target);
      if (targets.size() <= most_targets) remove_objects_unless_looked_at(tree_, target);
    }
    BuildResult result = build_once(targets);
    if (is_settled(result) || targets.size() > most_targets) return result;
    const bool of_the_machine =
        result.error.environment && result.error.shortage == Shortage::none;
    if (!of_the_machine && reference_builds(targets)) {
      return blamed_on_the_file(std::move(result));
    }
    if (result.error.shortage != Shortage::none) return result;
    empty_tree(tree_);
    const double before = result.seconds;
    result = build_once(targets);
    result.seconds += before;
    if (is_settled(result) || !reference_builds(targets)) return result;
    return blamed_on_the_file(std::move(result));
  }

 private:
  static constexpr std::size_t most_targets =
      2;  // of one grading: its file's, its reference's

  process::Outcome run_cmake(std::vector<std::string> arguments) const;
  BuildResult build_once(const std::vector<std::string>& targets) const;
  [[nodiscard]] bool is_settled(const BuildResult& result) const;
  [[nodiscard]] bool reference_builds(const std::vector<std::string>& targets) const;
  [[nodiscard]] BuildResult blamed_on_the_file(BuildResult result) const;

  const Trees& trees_;
  const std::string preset_;
  const fs::path tree_;
  const fs::path& student_file_;
  const unsigned jobs_;
  const std::stop_token stop_;
  const OutputListener& on_output_;
  const TreeLock lock_;
};

process::Outcome TreeBuild::run_cmake(std::vector<std::string> arguments) const {
  process::Command cmake;
  cmake.words = {"cmake"};
  cmake.words.insert(cmake.words.end(), arguments.begin(), arguments.end());
  cmake.folder = trees_.root();
  cmake.seconds = longest_build;
  cmake.output_kept = 4 << 20;
  cmake.output_limit = longest_output;
  cmake.file_limit = largest_file;
  cmake.memory_limit = memory_of_a_compile();
  cmake.processor_limit = longest_compile;
  cmake.environment = {{"LC_ALL", "C.UTF-8"}};
  cmake.stacks = false;
  cmake.on_output = on_output_;
  return process::run(cmake, stop_);
}

BuildResult TreeBuild::build_once(const std::vector<std::string>& targets) const {
  double configured_in = 0;
  if (!is_configured(tree_, preset_)) {
    std::vector<std::string> arguments{"--preset", preset_, "-B", tree_.string()};
    if (!trees_.compiler().empty()) {
      arguments.push_back("-DCMAKE_CXX_COMPILER=" + trees_.compiler());
    }
    const process::Outcome configured = run_cmake(arguments);
    if (!configured.exited_with(0)) return result_of(configured, student_file_, tree_);
    configured_in = configured.seconds;
  }
  std::vector<std::string> arguments{"--build", tree_.string(), "-j",
                                     std::to_string(jobs_), "--target"};
  arguments.insert(arguments.end(), targets.begin(), targets.end());
  BuildResult result = result_of(run_cmake(arguments), student_file_, tree_);
  result.seconds += configured_in;
  return result;
}

// Whether nothing that is built again could change the verdict: it built, or there is an error
// in a file that was written by a person.
bool TreeBuild::is_settled(const BuildResult& result) const {
  if (result.built || result.error.certain || stop_.stop_requested()) return true;
  if (result.error.environment || result.error.first.file.empty()) return false;
  const fs::path file = fs::path(result.error.first.file).lexically_normal();
  if (file == student_file_.lexically_normal()) return true;
  const fs::path in_tree = (tree_ / file).lexically_normal().lexically_relative(tree_);
  return in_tree.empty() || in_tree.native().starts_with("..");
}

// "NAME-student" is judged beside "NAME-solution".
bool TreeBuild::reference_builds(const std::vector<std::string>& targets) const {
  const std::string& target = targets.front();
  const std::string reference = target.substr(0, target.find('-')) + "-solution";
  return reference != target && build_once({reference}).built;
}

// The course's own solution builds here, and this does not.
BuildResult TreeBuild::blamed_on_the_file(BuildResult result) const {
  if (result.error.shortage == Shortage::none) return result;
  result.error.environment = false;
  result.error.first.file = student_file_.string();
  result.error.first.message = "this file takes the compiler over its limit of " +
                               limit_in_words(result.error.shortage) +
                               ", which the course's own solution keeps";
  return result;
}

}  // namespace

Trees::Trees(fs::path root, std::string compiler)
    : root_(std::move(root)), compiler_(std::move(compiler)) {}

fs::path Trees::tree(std::string_view preset) const {
  const fs::path build = root_ / ".build";
  return (compiler_.empty() ? build : build / compiler_) / preset;
}

std::string Trees::compiler_program() const {
  if (!compiler_.empty()) return compiler_;
  std::ifstream cache(tree("student") / "CMakeCache.txt");
  const std::string key = "CMAKE_CXX_COMPILER:";
  for (std::string line; std::getline(cache, line);) {
    if (line.starts_with(key)) return line.substr(line.find('=') + 1);
  }
  return "c++";
}

fs::path Subject::file(const fs::path& tree) const {
  if (variant == "student") return exercise->file;
  if (variant == "solution") return exercise->solution;
  return tree / "mutants" / exercise->lesson / exercise->name / variant /
         exercise->file.filename();
}

Subject with_unwritten_steps(const Subject& subject, const fs::path& tree) {
  Subject seen = subject;
  seen.unwritten = unwritten_in(subject.file(tree));
  return seen;
}

BuildResult build(const Trees& trees, std::string_view preset,
                  const std::vector<std::string>& targets, const fs::path& student_file,
                  unsigned jobs, std::stop_token stop, const OutputListener& on_output) {
  return TreeBuild(trees, preset, student_file, jobs, std::move(stop), on_output)
      .run(targets);
}

// An ELF file ends with the table of its sections, or has what it needs before that: its header
// says how long it must be at least.
bool is_whole_program(const fs::path& file) {
  std::error_code unreadable;
  if (!fs::is_regular_file(file, unreadable)) return false;
  std::ifstream in(file, std::ios::binary);
  Elf64_Ehdr header{};
  if (!in.read(reinterpret_cast<char*>(&header), sizeof header)) return false;
  const std::uintmax_t end =
      header.e_shoff + std::uintmax_t{header.e_shentsize} * header.e_shnum;
  return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_shoff != 0 &&
         fs::file_size(file, unreadable) >= end && ::access(file.c_str(), X_OK) == 0;
}

void remove_unless_whole(const fs::path& program) {
  std::error_code not_there;
  if (fs::exists(program, not_there) && !is_whole_program(program))
    fs::remove_all(program);
}

fs::path program_of(const Trees& trees, Stage stage, const Subject& subject) {
  return trees.tree(preset_of(stage)) / "graded" / subject.target();
}

}  // namespace course::grader
