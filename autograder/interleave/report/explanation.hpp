// Why a schedule fails: the concept it breaks, and the sentences under the picture.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "interleave/report/mistake.hpp"
#include "interleave/report/naming.hpp"
#include "interleave/trace/failure.hpp"
#include "interleave/trace/trace.hpp"

namespace interleave {

// The number by which the picture shows a step: "step 7"; "the start" for what is not
// shown.
using StepName = std::function<std::string(std::uint32_t step)>;

struct Explanation {
  // Of the course's concepts; empty where only the test can say (a check that did not
  // hold).
  std::string concept_name;
  std::string headline;  // "deadlock", "a notify came too early", without numbers
  std::vector<std::string> lines;
};

[[nodiscard]] Explanation explain(const Failure& failure, const Trace& trace,
                                  const Naming& naming, const Mistake& mistake,
                                  const StepName& step_name);

// The steps that the explanation speaks of: a picture must show them.
[[nodiscard]] std::vector<std::uint32_t> steps_spoken_of(const Failure& failure,
                                                         const Trace& trace);

}  // namespace interleave
