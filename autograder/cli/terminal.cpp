#include "cli/terminal.hpp"

#include <sys/ioctl.h>
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

std::size_t terminal_width() {
  if (::isatty(STDOUT_FILENO) == 0) return 0;
  constexpr std::size_t usual = 80;
  winsize size{};
  const bool told = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return told ? size.ws_col : usual;
}

void add_json_option(CLI::App& command, Destination& json) {
  command.add_option("--json", json, "Write JSON to FILE, or to standard output for -")
      ->type_name("FILE");
}

}  // namespace course::cli
