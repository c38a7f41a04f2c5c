// The gate stage: speed and scaling beside the reference, judged by gate/gate.hpp.
#pragma once

#include "gate/gate.hpp"
#include "grader/stages.hpp"

namespace course::grader {

// What is asked of the gate. A claim is still to be read.
[[nodiscard]] gate::Gate gate_of(const GateRule& rule);

// Nothing else may be running on the machine.
[[nodiscard]] StageResult run_gate_stage(const Subject& subject, Workshop& workshop,
                                         const std::vector<std::string>& only);

}  // namespace course::grader
