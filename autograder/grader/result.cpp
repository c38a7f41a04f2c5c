#include "grader/result.hpp"

namespace course::grader {

Verdict ExerciseResult::verdict() const {
  if (stages.empty()) return Verdict::not_run;
  Verdict all = Verdict::passed;
  for (const auto& stage : stages) all = worse(all, stage.verdict);
  return all;
}

}  // namespace course::grader
