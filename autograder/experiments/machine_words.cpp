#include "experiments/machine_words.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>

#include <ctime>
#include <fstream>
#include <vector>

#include "machine/usable_cores.hpp"

namespace course::experiments {
namespace {

namespace fs = std::filesystem;

// The processor's name; its architecture where the kernel tells no name (arm64).
std::string processor(const fs::path& cpuinfo) {
  std::ifstream file(cpuinfo);
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) {
      return line.substr(colon + 2);
    }
  }
  utsname system{};
  return ::uname(&system) == 0 ? std::string(system.machine) + " processor" : "";
}

// The value of `set(NAME "value")` in a file that CMake wrote.
std::string set_value(const std::string& line, const std::string& name) {
  const std::string begin = "set(" + name + " \"";
  if (!line.starts_with(begin)) return {};
  return line.substr(begin.size(), line.find('"', begin.size()) - begin.size());
}

std::string compiler(const fs::path& tree) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(tree / "CMakeFiles", none)) {
    std::ifstream file(entry.path() / "CMakeCXXCompiler.cmake");
    std::string id, version;
    for (std::string line; std::getline(file, line);) {
      if (id.empty()) id = set_value(line, "CMAKE_CXX_COMPILER_ID");
      if (version.empty()) version = set_value(line, "CMAKE_CXX_COMPILER_VERSION");
    }
    if (version.empty()) continue;
    return fmt::format("{} {}",
                       id == "GNU"     ? "g++"
                       : id == "Clang" ? "clang++"
                                       : id,
                       version);
  }
  return {};
}

}  // namespace

std::string machine_words(const fs::path& tree, const fs::path& cpuinfo) {
  const unsigned cores = machine::usable_cores();
  std::vector<std::string> words;
  for (const std::string& part :
       {processor(cpuinfo), fmt::format("{} core{}", cores, cores == 1 ? "" : "s"),
        compiler(tree)}) {
    if (!part.empty()) words.push_back(part);
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string today() {
  return fmt::format("{:%Y-%m-%d}", fmt::localtime(std::time(nullptr)));
}

}  // namespace course::experiments
