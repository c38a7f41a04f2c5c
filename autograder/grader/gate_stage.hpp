// The gate stage: speed and scaling beside the reference, judged by gate/gate.hpp.
#pragma once

#include "grader/stages.hpp"

namespace course::grader {

// Nothing else may be running on the machine.
[[nodiscard]] StageResult run_gate_stage(const Subject& subject, Workshop& workshop,
                                         const std::vector<std::string>& only);

}  // namespace course::grader
