#include "cli/terminal.hpp"

#include <cstdio>

#include "grader/terminal.hpp"

namespace course::cli {

bool coloured(Colour wanted) {
  if (wanted != Colour::automatic) return wanted == Colour::always;
  return grader::wants_colour(stdout);
}

}  // namespace course::cli
