#include "student/hints.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "catalogue/files.hpp"

namespace course::student {
namespace fs = std::filesystem;

namespace {

fs::path memory_in(const fs::path& root) { return root / ".course" / "hints.json"; }

// {"job_queue": 2}; an empty object when there is none, or none that can be read: hints are
// then shown again from the first, which does no harm.
nlohmann::json remembered(const fs::path& root) {
  const auto memory = nlohmann::json::parse(read_own_file(memory_in(root)), nullptr,
                                            /*exceptions=*/false);
  return memory.is_object() ? memory : nlohmann::json::object();
}

}  // namespace

std::size_t hints_shown(const fs::path& root, const Exercise& exercise) {
  const nlohmann::json memory = remembered(root);
  const auto shown = memory.find(exercise.name);
  if (shown == memory.end() || !shown->is_number_unsigned()) return 0;
  return std::min(shown->get<std::size_t>(), exercise.hints.size());
}

std::size_t show_another_hint(const fs::path& root, const Exercise& exercise) {
  const std::size_t shown =
      std::min(hints_shown(root, exercise) + 1, exercise.hints.size());
  nlohmann::json memory = remembered(root);
  memory[exercise.name] = shown;
  write_own_file(memory_in(root), memory.dump(2) + "\n");
  return shown;
}

}  // namespace course::student
