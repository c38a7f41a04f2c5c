#include "cli/terminal.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace course::cli {

bool coloured(Colour wanted) {
  if (wanted != Colour::automatic) return wanted == Colour::always;
  const char* refused = std::getenv("NO_COLOR");
  if (refused != nullptr && !std::string_view(refused).empty()) return false;
  return ::isatty(STDOUT_FILENO) == 1;
}

}  // namespace course::cli
