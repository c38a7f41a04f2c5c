#include "catalogue/unwritten.hpp"

#include <regex>

#include "catalogue/code.hpp"
#include "catalogue/files.hpp"

namespace course {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> lines_in(const fs::path& file) {
  return fs::exists(file) ? lines_of(read_file(file)) : std::vector<std::string>();
}

}  // namespace

UnwrittenSteps unwritten_in(const fs::path& file) {
  static const std::regex call(R"(\bcourse\s*::\s*todo\s*\(\s*(\d+))");
  UnwrittenSteps unwritten;
  if (!fs::exists(file)) return unwritten;
  const std::string code = code_of(read_file(file));
  for (std::sregex_iterator at(code.begin(), code.end(), call), end; at != end; ++at) {
    const auto place = static_cast<std::size_t>(at->position());
    unwritten.try_emplace(std::stoi((*at)[1]), static_cast<int>(line_at(code, place)));
  }
  return unwritten;
}

bool is_started(const Exercise& exercise, const UnwrittenSteps& unwritten) {
  static const std::regex mark(R"(\s*//> step (\d+)\(.*)");
  std::smatch match;
  for (const std::string& line : lines_in(exercise.solution)) {
    if (!std::regex_match(line, match, mark)) continue;
    if (!unwritten.contains(std::stoi(match[1]))) return true;
  }
  return false;
}

bool is_started(const Exercise& exercise) {
  return is_started(exercise, unwritten_in(exercise.file));
}

}  // namespace course
