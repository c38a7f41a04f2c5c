#include "course/records.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <random>

namespace course {
namespace {

// Moved high and close-on-exec, so that neither a student's loop over low descriptors nor
// a child process can reach it by accident.
int take_descriptor() noexcept {
  const char* name = std::getenv("COURSE_RECORDS");
  if (name == nullptr) return -1;
  const int given = std::atoi(name);
  ::unsetenv("COURSE_RECORDS");
  const int moved = ::fcntl(given, F_DUPFD_CLOEXEC, 700);
  if (moved >= 0) ::close(given);
  return moved;
}

std::uint64_t take_seed() {
  const char* given = std::getenv("COURSE_SEED");
  if (given != nullptr) return std::strtoull(given, nullptr, 0);
  return std::random_device{}();
}

// Initialised before main, and before any thread.
const int descriptor = take_descriptor();
const std::uint64_t run_seed = take_seed();

}  // namespace

void report(std::string_view json) noexcept {
  if (descriptor < 0) return;
  std::string line(json);
  line += '\n';
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor, rest.data(), rest.size());
    if (written <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

bool graded() noexcept { return descriptor >= 0; }

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", byte);
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::uint64_t seed() noexcept { return run_seed; }

}  // namespace course
