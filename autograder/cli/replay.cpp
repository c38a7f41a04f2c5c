#include <stdexcept>

#include "cli/commands.hpp"

namespace course::cli {

int replay(const Common&, const ReplayOptions&) {
  throw std::runtime_error("replay is not built yet");
}

}  // namespace course::cli
