// Names at the ends of lines, moved apart where they would overlap.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace course::page {

// Moves `centres` (y of labels of these `heights`) as little as it takes so that none
// overlaps and all lie within [top, bottom]. Their order stays. If there is no room they
// overlap evenly.
[[nodiscard]] std::vector<double> spread(const std::vector<double>& centres,
                                         const std::vector<double>& heights, double top,
                                         double bottom);

// `text` in lines of at most `width` characters, broken at spaces; a longer word has a
// line of its own.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t width);

}  // namespace course::page
