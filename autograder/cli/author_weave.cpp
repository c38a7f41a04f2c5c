#include <stdexcept>

#include "cli/commands.hpp"

namespace course::cli {

int author_weave(const Common&, const AuthorOptions&) { throw std::runtime_error("author_weave is not built yet"); }

}  // namespace course::cli
