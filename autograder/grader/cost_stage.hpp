// The cost stage: what interleave counted for one operation against the limits of
// exercise.toml. Exact, and the same on every machine.
#pragma once

#include "grader/stages.hpp"

namespace course::grader {

[[nodiscard]] StageResult run_cost_stage(const Subject& subject, Workshop& workshop,
                                         const std::vector<std::string>& only);

}  // namespace course::grader
