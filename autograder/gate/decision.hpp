// Runs blocks of a contest until they settle it.
#pragma once

#include "gate/contest.hpp"
#include "gate/gate.hpp"

namespace course::gate {

struct Rule {
  double bar;            // the share of the reference's speed or scaling that is tested
  double fail_at = 1e4;  // a program that is the reference fails at most once in so many
  double pass_at = 100;
  double seconds = 9;  // then it is inconclusive
};

// What is tested: less than what the student is told, so that no one who reaches the told
// share is near the bar.
[[nodiscard]] Rule rule_for(const Gate& gate);

// Calibrates, then measures until the rule is settled. Blocks for up to `rule.seconds` and
// one block more. Fills in everything of the result; a broken run is a verdict.
[[nodiscard]] Result decide(Contest& contest, const Gate& gate, const Rule& rule);

// `unmeasured`, unless one run of the student's program is a verdict already: a wrong answer, a
// crash or a step that is not written can be told where speed cannot.
[[nodiscard]] Result without_measuring(Contest& contest, Result unmeasured);

}  // namespace course::gate
