#include "interleave/results.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "interleave/interleave.hpp"

namespace interleave {
namespace {

Reporter installed_reporter = nullptr;

// Records are evidence: one that cannot be written ends the program rather than being
// lost.
void write_line(int descriptor, std::string line) {
  line += '\n';
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor, rest.data(), rest.size());
    if (written <= 0) {
      std::perror("interleave: the results descriptor cannot be written");
      std::abort();
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string escaped(char character) {
  switch (character) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\t':
      return "\\t";
    default:
      break;
  }
  const auto code = static_cast<unsigned char>(character);
  if (code >= 0x20) return std::string(1, character);
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "\\u%04x", code);
  return text.data();
}

}  // namespace

void set_reporter(Reporter reporter) { installed_reporter = reporter; }

bool reporter_installed() { return installed_reporter != nullptr; }

void publish(std::string_view json) {
  if (installed_reporter != nullptr) {
    installed_reporter(json);
  } else if (const char* descriptor = std::getenv("INTERLEAVE_RESULTS")) {
    write_line(std::atoi(descriptor), std::string(json));
  }
}

std::string json_string(std::string_view text) {
  std::string result = "\"";
  for (const char character : text) result += escaped(character);
  return result + "\"";
}

FailureFound::FailureFound(Result result)
    : std::runtime_error(result.picture.empty() ? result.message : result.picture),
      result_(std::move(result)) {}

}  // namespace interleave
