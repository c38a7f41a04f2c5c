// The palettes as style rules: --ground, --text, --quiet, --grid and --series-0 … for the
// reader's scheme, and for each series a class that sets --colour to its own.
#pragma once

#include <string>

namespace course::page {

[[nodiscard]] std::string colours();

}  // namespace course::page
