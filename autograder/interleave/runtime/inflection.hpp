// The inflection point: the decision of a failing schedule after which every schedule fails.
//
//   it fails              0 1 0 0 2 0
//   the first 2 kept      0 1 . . . . .     some continuation ends well
//   the first 3 kept      0 1 0 . . .       none does: the third decision lost it
//
//   last_way_out    halves until it knows where likely continuations stop ending well
//   ways_on         tries all of them there; one that ends well after all sends it back
//
// What ends well after the first k decisions does so after fewer, which is why halving
// works. That a way on ends well is certain, since it was run. That none does is certain
// only if all were run; where the bound came first, the result says how many were.
//
// Threads     None: one caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "interleave/search/strategy.hpp"
#include "interleave/trace/failure.hpp"

namespace interleave {

// A proof ends once the schedules that it ran have taken so many steps: counted, not timed,
// so that it is the same on every machine.
inline constexpr std::uint32_t kMostStepsOfAProof = 20'000;

// How a schedule ended that `strategy` decided from the body's beginning.
struct Ending {
  FailureKind kind = FailureKind::kNone;
  std::uint32_t steps = 0;
  bool pruned = false;
};
using RunSchedule = std::function<Ending(Strategy& strategy)>;

// The continuations after the first `kept` of the choices of a schedule that fails.
struct WaysOn {
  std::size_t kept = 0;
  bool one_succeeds = false;
  bool all = false;             // each was run
  std::uint64_t schedules = 0;  // so many were run
};

// The least number of kept choices, from `least` on, after which no likely continuation
// ends well. For `run` many schedules may be run in one process: what an earlier one leaves
// behind may move the body's memory.
[[nodiscard]] WaysOn last_way_out(const std::vector<std::uint32_t>& choices,
                                  std::size_t least, const RunSchedule& run);

// All continuations. `run` must begin each in the same state.
[[nodiscard]] WaysOn ways_on(const std::vector<std::uint32_t>& choices, std::size_t kept,
                             const RunSchedule& run);

}  // namespace interleave
