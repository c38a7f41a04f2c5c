#include "experiments/program.hpp"

#include <fmt/format.h>

#include "experiments/progress.hpp"
#include "machine/usable_cores.hpp"

namespace course::experiments {
namespace {

namespace fs = std::filesystem;

std::string words_for(const reading::BuildError& error) {
  const auto& [file, line, message, excerpt] = error.first;
  const std::string place = file.empty() ? "" : fmt::format("{}:{}: ", file, line);
  return fmt::format("{}{}\n{}", place, message, excerpt);
}

}  // namespace

fs::path build_program(const grader::Trees& trees, const std::string& preset,
                       const Lesson& lesson, const std::string& target) {
  return build_program(trees, preset, fs::path("lessons") / lesson.folder.filename(),
                       lesson.folder, target);
}

fs::path build_program(const grader::Trees& trees, const std::string& preset,
                       const fs::path& folder, const fs::path& sources,
                       const std::string& target) {
  Progress progress(fmt::format("Building {} in the {} tree", target, preset));
  // "[3/12]", at the beginning of what ninja prints for each file.
  const auto note_count = [&](std::string_view text) {
    const auto open = text.rfind("\n[");
    if (open == std::string_view::npos) return;
    const auto close = text.find(']', open);
    if (close != std::string_view::npos) {
      progress.note(std::string(text.substr(open + 1, close - open)));
    }
  };
  const fs::path program = trees.tree(preset) / folder / target;
  grader::remove_unless_whole(program);
  const auto built = grader::build(trees, preset, {target}, sources,
                                   machine::usable_cores(), {}, note_count);
  if (!built.built) throw BuildFailed(words_for(built.error));
  return program;
}

}  // namespace course::experiments
