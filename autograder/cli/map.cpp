#include <stdexcept>

#include "cli/commands.hpp"

namespace course::cli {

int map(const Common&, const MapOptions&) { throw std::runtime_error("map is not built yet"); }

}  // namespace course::cli
