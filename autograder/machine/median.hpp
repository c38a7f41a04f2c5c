// The middle of several measurements: what disturbs a few of them does not move it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace course::machine {

// Of an even number the larger of the two in the middle: one that was measured. 0 of none.
[[nodiscard]] inline double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace course::machine
