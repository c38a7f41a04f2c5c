// Charts that are hard to draw, for the tests of the page.
#pragma once

#include <vector>

#include "page/page.hpp"

namespace course::page {

// Lines that end close together, long names, values over many powers of ten, a single
// point, bars, and text that would break careless HTML.
[[nodiscard]] std::vector<Section> sample_sections();

[[nodiscard]] Origin sample_origin();

}  // namespace course::page
