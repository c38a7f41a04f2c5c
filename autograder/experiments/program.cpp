#include "experiments/program.hpp"

#include <fmt/format.h>

#include <sstream>

#include "experiments/progress.hpp"
#include "grader/process.hpp"
#include "machine/usable_cores.hpp"

namespace course::experiments {
namespace {

namespace fs = std::filesystem;

constexpr double build_seconds = 1800;

// From the first line with an error on, at most 30 lines; the end if no line has one.
std::string errors_in(const std::string& output) {
  std::istringstream lines(output);
  std::string found, line, all;
  int kept = 0;
  while (std::getline(lines, line)) {
    const bool error = line.find("error") != std::string::npos ||
                       line.find("Error") != std::string::npos;
    if ((kept > 0 || error) && kept < 30) {
      found += line + '\n';
      ++kept;
    }
  }
  constexpr std::size_t tail = 2000;
  if (found.empty()) found = output.substr(output.size() - std::min(output.size(), tail));
  return found;
}

void run_or_throw(grader::Command command, Progress& progress) {
  command.seconds = build_seconds;
  command.on_output = [&](std::string_view text) {
    const auto open = text.rfind("\n[");
    const auto close = text.find(']', open == std::string_view::npos ? 0 : open);
    if (open != std::string_view::npos && close != std::string_view::npos) {
      progress.note(std::string(text.substr(open + 1, close - open)));
    }
  };
  const grader::Outcome outcome = grader::run(command);
  if (outcome.exited_with(0)) return;
  throw BuildFailed(fmt::format("{}\n{}: {}", errors_in(outcome.output),
                                fmt::join(command.words, " "),
                                grader::words_for(outcome)));
}

void configure(const Trees& trees, const std::string& preset, Progress& progress) {
  grader::Command command;
  command.folder = trees.root;
  command.words = {"cmake", "--preset", preset};
  if (!trees.compiler.empty()) {
    command.words.insert(command.words.end(), {"-B", trees.of(preset).string(),
                                               "-DCMAKE_CXX_COMPILER=" + trees.compiler});
  }
  run_or_throw(command, progress);
}

}  // namespace

fs::path Trees::of(const std::string& preset) const {
  return compiler.empty() ? root / ".build" / preset
                          : root / ".build" / compiler / preset;
}

fs::path build_program(const Trees& trees, const std::string& preset,
                       const Lesson& lesson, const std::string& target) {
  Progress progress(fmt::format("Building {} in the {} tree", target, preset));
  const fs::path tree = trees.of(preset);
  if (!fs::exists(tree / "build.ninja")) configure(trees, preset, progress);
  grader::Command command;
  command.words = {"cmake",
                   "--build",
                   tree.string(),
                   "--target",
                   target,
                   "-j",
                   std::to_string(machine::usable_cores())};
  run_or_throw(command, progress);
  return tree / "lessons" / lesson.folder.filename() / target;
}

}  // namespace course::experiments
