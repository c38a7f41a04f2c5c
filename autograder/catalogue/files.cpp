#include "catalogue/files.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

namespace course {
namespace fs = std::filesystem;

namespace {

std::string with_place(const fs::path& file, std::size_t line, const std::string& what) {
  return file.string() + (line == 0 ? "" : ":" + std::to_string(line)) + ": " + what;
}

}  // namespace

Mistake::Mistake(const fs::path& file, std::size_t line, const std::string& what)
    : std::runtime_error(with_place(file, line, what)) {}

std::string read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  if (in) text << in.rdbuf();
  if (!in || fs::is_directory(file))
    throw Mistake(file, 0, "cannot be read; is it there?");
  return text.str();
}

void write_file(const fs::path& file, std::string_view text) {
  if (file.has_parent_path()) fs::create_directories(file.parent_path());
  fs::path partial = file;
  partial += ".part-" + std::to_string(::getpid());
  errno = 0;
  std::ofstream out(partial, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) {
    const int cause = errno == 0 ? EIO : errno;
    std::error_code ignored;
    fs::remove(partial, ignored);
    throw std::system_error(cause, std::generic_category(),
                            "cannot write " + file.string());
  }
  fs::rename(partial, file);
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::size_t first_difference(std::string_view left, std::string_view right) {
  if (left == right) return 0;
  const auto [at, other] =
      std::mismatch(left.begin(), left.end(), right.begin(), right.end());
  return static_cast<std::size_t>(std::count(left.begin(), at, '\n')) + 1;
}

fs::path keep_beside(const fs::path& source) {
  for (int number = 1;; ++number) {
    fs::path copy = source;
    copy.replace_filename(source.stem().string() + ".mine-" + std::to_string(number) +
                          source.extension().string());
    std::error_code error;
    if (fs::copy_file(source, copy, fs::copy_options::none, error)) return copy;
    if (error != std::errc::file_exists)
      throw fs::filesystem_error("cannot keep", source, copy, error);
  }
}

}  // namespace course
