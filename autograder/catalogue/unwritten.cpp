#include "catalogue/unwritten.hpp"

#include <regex>

#include "catalogue/files.hpp"

namespace course {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> lines_in(const fs::path& file) {
  return fs::exists(file) ? lines_of(read_file(file)) : std::vector<std::string>();
}

}  // namespace

UnwrittenSteps unwritten_in(const fs::path& file) {
  static const std::regex call(R"(course::todo\(\s*(\d+))");
  UnwrittenSteps unwritten;
  int number = 0;
  for (const std::string& line : lines_in(file)) {
    ++number;
    const std::string code = line.substr(0, line.find("//"));
    for (std::sregex_iterator at(code.begin(), code.end(), call), end; at != end; ++at) {
      unwritten.try_emplace(std::stoi((*at)[1]), number);
    }
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
