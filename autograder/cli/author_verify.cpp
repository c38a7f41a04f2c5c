#include <stdexcept>

#include "cli/commands.hpp"

namespace course::cli {

int author_verify(const Common&, const AuthorOptions&) { throw std::runtime_error("author_verify is not built yet"); }

}  // namespace course::cli
