// The gate stage: speed and scaling beside the reference, judged by gate/gate.hpp.
#pragma once

#include "grader/stages.hpp"

namespace course::grader {

// Nothing else may be running on the machine.
[[nodiscard]] StageResult run_gate_stage(const Subject& subject, Workshop& workshop);

}  // namespace course::grader
