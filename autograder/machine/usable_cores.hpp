// How many cores this process may really use.
#pragma once

namespace course::machine {

// min(cores in the affinity mask, floor(control-group quota / period)), at least 1. Reads
// control groups of version 1 and 2, from this group up to the root. Does not block; an
// unreadable limit counts as none.
[[nodiscard]] unsigned usable_cores() noexcept;

}  // namespace course::machine
