#include "catalogue/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <random>
#include <sstream>
#include <system_error>

namespace course {
namespace fs = std::filesystem;

namespace {

std::string with_place(const fs::path& file, std::size_t line, const std::string& what) {
  return file.string() + (line == 0 ? "" : ":" + std::to_string(line)) + ": " + what;
}

[[noreturn]] void cannot_write(const fs::path& file, int cause) {
  throw std::system_error(cause, std::generic_category(),
                          "cannot write " + file.string());
}

int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written < 0 ? errno : EIO;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

// Opens `file` with `flags` and writes `text`, all of it, to the disk where there is one. What
// it made and could not write whole is taken away. Throws in the name of `meant`.
void write_whole(const fs::path& file, int flags, std::string_view text,
                 const fs::path& meant) {
  const int descriptor = ::open(file.c_str(), flags, 0666);
  if (descriptor < 0) cannot_write(meant, errno);
  int cause = write_all(descriptor, text);
  const bool made = (flags & O_EXCL) != 0;
  if (cause == 0 && made && ::fdatasync(descriptor) != 0) cause = errno;
  if (::close(descriptor) != 0 && cause == 0) cause = errno;
  if (cause == 0) return;
  if (made) ::unlink(file.c_str());
  cannot_write(meant, cause);
}

// What a link, or a row of them, stands for; it need not exist.
fs::path behind_links(fs::path file) {
  constexpr int most = 40;  // as the kernel follows
  for (int links = 0; links < most && fs::is_symlink(fs::symlink_status(file)); ++links) {
    file = (file.parent_path() / fs::read_symlink(file)).lexically_normal();
  }
  return file;
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
  const fs::path partial = fresh_name_beside(file);
  write_whole(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, text, file);
  if (std::rename(partial.c_str(), file.c_str()) == 0) return;
  const int cause = errno;
  ::unlink(partial.c_str());
  cannot_write(file, cause);
}

fs::path fresh_name_beside(const fs::path& file) {
  // Processes have the same numbers in every namespace.
  static std::atomic<unsigned> count = std::random_device{}();
  fs::path name = file;
  name += ".part-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
  return name;
}

void make_way_for(const fs::path& file) {
  fs::path so_far;
  for (const fs::path& part : file.parent_path()) {
    so_far /= part;
    if (fs::exists(so_far) && !fs::is_directory(so_far)) fs::remove(so_far);
  }
  fs::create_directories(file.parent_path());
  if (fs::is_directory(fs::symlink_status(file))) fs::remove_all(file);
}

std::string read_own_file(const fs::path& file) {
  std::error_code unreadable;
  std::ostringstream text;
  if (fs::is_regular_file(file, unreadable)) {
    text << std::ifstream(file, std::ios::binary).rdbuf();
  }
  return text.str();
}

void write_own_file(const fs::path& file, std::string_view text) {
  make_way_for(file);
  write_file(file, text);
}

void write_to(const fs::path& destination, std::string_view text) {
  std::error_code nothing_there;
  const fs::file_status status = fs::status(destination, nothing_there);
  const bool other = fs::exists(status) && !fs::is_regular_file(status);
  const bool kernel_link = destination.native().starts_with("/dev/") ||
                           destination.native().starts_with("/proc/");
  if (other || kernel_link) {
    write_whole(destination, O_WRONLY | O_CLOEXEC, text, destination);
  } else {
    write_file(behind_links(destination), text);
  }
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
    if (error == std::errc::file_exists) continue;
    std::error_code ignored;
    fs::remove(copy, ignored);  // a part of it
    throw std::system_error(error, "cannot keep a copy of " + source.string());
  }
}

}  // namespace course
