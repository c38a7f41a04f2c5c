#include "cli/terminal.hpp"

#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace course::cli {

bool coloured(Colour wanted, std::FILE* stream) {
  if (wanted != Colour::automatic) return wanted == Colour::always;
  const char* terminal = std::getenv("TERM");
  const char* refused = std::getenv("NO_COLOR");
  return ::isatty(::fileno(stream)) != 0 && (refused == nullptr || *refused == '\0') &&
         terminal != nullptr && std::strcmp(terminal, "dumb") != 0;
}

void add_json_option(CLI::App& command, Destination& json) {
  command.add_option("--json", json, "Write JSON to FILE, or to standard output for -")
      ->type_name("FILE");
}

}  // namespace course::cli
