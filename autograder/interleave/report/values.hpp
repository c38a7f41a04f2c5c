// What a failed check is about, where that is plain memory.
#pragma once

#include <cstdint>
#include <vector>

#include "interleave/report/symbols.hpp"
#include "interleave/trace/failure.hpp"
#include "interleave/trace/trace.hpp"

namespace interleave {

// The steps, in order, that read and write the values that the check's line reads and that another
// thread writes; the last of them, if there are many.
[[nodiscard]] std::vector<std::uint32_t> accesses_of_checked(const Failure& failure,
                                                             const Trace& trace,
                                                             Symbols& symbols);

}  // namespace interleave
