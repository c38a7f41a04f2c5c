#include <stdexcept>

#include "cli/commands.hpp"

namespace course::cli {

int diff(const Common&, const std::string&) { throw std::runtime_error("diff is not built yet"); }

}  // namespace course::cli
