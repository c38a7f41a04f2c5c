// The inflection point: the decision of a failing schedule after which every schedule fails.
//
//   it fails              0 1 0 0 2 0
//   the first 2 kept      0 1 . . . . .     some way to go on ends well
//   the first 3 kept      0 1 0 . . .       none does: the third decision lost it
//
// What ends well after the first k decisions does so after fewer, so the number is found by
// halving. A way on that ended well is certain. That none does is certain only if all were
// run; where the bound came first, the result says how many were.
//
// Threads     None: one caller, in a process that may be spoilt.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "interleave/runtime/engine.hpp"
#include "interleave/runtime/failure.hpp"

namespace interleave {

// Runs the schedule that a strategy decides, from the body's beginning.
using RunSchedule = std::function<RunResult(Strategy&)>;

// `choices`: of the schedule that fails.
[[nodiscard]] Inflection find_inflection(const std::vector<std::uint32_t>& choices,
                                         const RunSchedule& run);

}  // namespace interleave
