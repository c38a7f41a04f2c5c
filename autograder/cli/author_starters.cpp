#include <stdexcept>

#include "cli/commands.hpp"

namespace course::cli {

int author_starters(const Common&, const AuthorOptions&) { throw std::runtime_error("author_starters is not built yet"); }

}  // namespace course::cli
