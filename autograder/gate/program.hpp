// Runs a gate program as a child process and reads what it measured.
#pragma once

#include <string>
#include <vector>

#include "gate/measurement.hpp"

namespace course::gate {

// Measures real programs, on `cores` only (empty: on all that this process may use).
// Blocks while the program runs; one run at a time.
[[nodiscard]] Runner program_runner(std::vector<unsigned> cores);

}  // namespace course::gate
