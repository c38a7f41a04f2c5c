// Which operations cannot change places without any thread being able to tell.
//
// Two operations of different threads are independent if, wherever both can happen, doing
// them in either order leads to the same state and leaves the same operations possible.
// When in doubt they are dependent: that costs schedules, never a bug.
#pragma once

#include "interleave/trace/operation.hpp"

namespace interleave {

// An operation of this kind has no effect on others.
[[nodiscard]] bool only_reads(OperationKind kind);

// `first` and `second` belong to different threads, and may not have happened yet.
[[nodiscard]] bool dependent(const Operation& first, const Operation& second);

// The same of operations of which it is known, where they happened, whether they had an
// effect on others: a compare-exchange that failed only read.
[[nodiscard]] bool dependent(const Operation& first, bool first_wrote,
                             const Operation& second, bool second_wrote);

}  // namespace interleave
