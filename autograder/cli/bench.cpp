#include <stdexcept>

#include "cli/commands.hpp"

namespace course::cli {

int bench(const Common&, const BenchOptions&) { throw std::runtime_error("bench is not built yet"); }

}  // namespace course::cli
