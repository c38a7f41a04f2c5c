#include "course/records.hpp"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <random>

namespace course {
namespace {

// All of it is constant until `take` runs: no initialiser of this file may come after it.
constinit int descriptor = -1;
constinit char secret[33] = "";
constinit bool control = false;
constinit std::uint64_t run_seed = 0;

// Moved high and close-on-exec, so that neither a student's loop over low descriptors nor
// a child process can reach it by accident.
void take_descriptor(char* said) noexcept {
  int given = -1;
  char kind = 't';
  if (std::sscanf(said, "%d %32s %c", &given, secret, &kind) == 3) {
    control = kind == 'c';
    for (const int high : {700, 200, 50, 10}) {  // the shell may allow few (`ulimit -n`)
      if (descriptor < 0) descriptor = ::fcntl(given, F_DUPFD_CLOEXEC, high);
    }
    if (descriptor >= 0) ::close(given);
  }
  // The system shows it in /proc/self/environ for as long as it stands there.
  ::explicit_bzero(said, ::strlen(said));
  ::unsetenv("COURSE_RECORDS");
}

// Before every other initialiser, and so before the student's: 101 is the first priority that
// a program may use, and a student's file may not use any.
[[gnu::constructor(101)]] void take() {
  if (char* said = std::getenv("COURSE_RECORDS")) take_descriptor(said);
  const char* given = std::getenv("COURSE_SEED");
  run_seed = given == nullptr ? std::random_device{}() : std::strtoull(given, nullptr, 0);
}

}  // namespace

void report(std::string_view json) noexcept {
  if (descriptor < 0) return;
  std::string line = secret + (' ' + std::string(json)) + '\n';
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor, rest.data(), rest.size());
    if (written <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

bool graded() noexcept { return descriptor >= 0; }

bool is_control() noexcept { return control; }

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
