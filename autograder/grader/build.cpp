#include "grader/build.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fstream>
#include <system_error>

#include "process/process.hpp"

namespace course::grader {
namespace {

namespace fs = std::filesystem;

using OutputListener = std::function<void(std::string_view)>;

constexpr double longest_build = 600;  // seconds

// Held while a tree is being built: ninja itself does not keep two apart.
class TreeLock {
 public:
  explicit TreeLock(const fs::path& tree) {
    fs::create_directories(tree);
    descriptor_ =
        ::open((tree / "course.lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    if (descriptor_ < 0)
      throw std::system_error(errno, std::generic_category(), tree.string());
    ::flock(descriptor_, LOCK_EX);
  }
  ~TreeLock() { ::close(descriptor_); }
  TreeLock(const TreeLock&) = delete;
  TreeLock& operator=(const TreeLock&) = delete;

 private:
  int descriptor_;
};

process::Outcome run_cmake(const Trees& trees, std::vector<std::string> arguments,
                           std::stop_token stop, const OutputListener& on_output) {
  process::Command cmake;
  cmake.words = {"cmake"};
  cmake.words.insert(cmake.words.end(), arguments.begin(), arguments.end());
  cmake.folder = trees.root();
  cmake.seconds = longest_build;
  cmake.output_kept = 4 << 20;
  cmake.output_limit = 256 << 20;
  cmake.environment = {{"LC_ALL", "C.UTF-8"}};
  cmake.stacks = false;
  cmake.on_output = on_output;
  return run(cmake, std::move(stop));
}

process::Outcome configure(const Trees& trees, std::string_view preset,
                           std::stop_token stop, const OutputListener& on_output) {
  std::vector<std::string> arguments{"--preset", std::string(preset), "-B",
                                     trees.tree(preset).string()};
  if (!trees.compiler().empty()) {
    arguments.push_back("-DCMAKE_CXX_COMPILER=" + trees.compiler());
  }
  return run_cmake(trees, arguments, std::move(stop), on_output);
}

BuildResult result_of(const process::Outcome& outcome, const fs::path& student_file) {
  BuildResult result;
  result.output = outcome.output;
  result.seconds = outcome.seconds;
  result.built = outcome.exited_with(0);
  if (result.built) return result;
  result.error = reading::first_error(outcome.output, student_file);
  if (outcome.end != process::End::exited) {
    result.error = {true, {"", 0, "the build was " + words_for(outcome), ""}};
  }
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
  const fs::path tree = trees.tree(preset);
  const TreeLock lock(tree);
  double configured_in = 0;
  if (!fs::exists(tree / "build.ninja")) {
    const process::Outcome configured = configure(trees, preset, stop, on_output);
    if (!configured.exited_with(0)) return result_of(configured, student_file);
    configured_in = configured.seconds;
  }
  std::vector<std::string> arguments{"--build", tree.string(), "-j", std::to_string(jobs),
                                     "--target"};
  arguments.insert(arguments.end(), targets.begin(), targets.end());
  BuildResult result =
      result_of(run_cmake(trees, arguments, stop, on_output), student_file);
  result.seconds += configured_in;
  return result;
}

fs::path program_of(const Trees& trees, Stage stage, const Subject& subject) {
  return trees.tree(preset_of(stage)) / "graded" / subject.target();
}

}  // namespace course::grader
