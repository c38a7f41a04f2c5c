#include <stdexcept>

#include "cli/commands.hpp"

namespace course::cli {

int author_new(const Common&, const NewOptions&) { throw std::runtime_error("author_new is not built yet"); }

}  // namespace course::cli
