#include <stdexcept>

#include "cli/commands.hpp"

namespace course::cli {

int watch(const Common&, const WatchOptions&) { throw std::runtime_error("watch is not built yet"); }

}  // namespace course::cli
