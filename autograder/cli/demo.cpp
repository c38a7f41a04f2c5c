#include <stdexcept>

#include "cli/commands.hpp"

namespace course::cli {

int demo(const Common&, const DemoOptions&) { throw std::runtime_error("demo is not built yet"); }

}  // namespace course::cli
