#include "reading/source_folder.hpp"

namespace course::reading {

std::string real_folder(const std::filesystem::path& program) {
  const std::string path = program.string();
  return path.substr(0, path.rfind("/.build/") + 1);
}

void name_real_folder(std::string& text, const std::filesystem::path& program) {
  const std::string folder = real_folder(program);
  for (std::size_t at = text.find(any_folder); at != text.npos;
       at = text.find(any_folder, at + folder.size())) {
    text.replace(at, any_folder.size(), folder);
  }
}

}  // namespace course::reading
