// The verdicts that a stage, a promise and a whole exercise can reach.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace course::grader {

enum class Verdict {
  passed,
  failed,
  not_started,   // a step is still the starter's
  inconclusive,  // this machine could not tell: the gate only
  environment,   // the toolchain, a sanitizer or the machine is at fault
  tampered,      // a control did not answer; for a person to look at
  not_run,       // no verdict: what it needs did not pass, or it cannot be measured here
};

[[nodiscard]] std::string_view name_of(Verdict verdict) noexcept;
[[nodiscard]] std::optional<Verdict> verdict_named(std::string_view name) noexcept;

// Whether there is nothing left to do: it passed, or this machine could not tell.
[[nodiscard]] bool passes(Verdict verdict) noexcept;

// The one verdict for two things that were judged: the one that matters more to its
// reader. Tampered, then environment, failed, not started, inconclusive, not run,
// passed.
[[nodiscard]] Verdict worse(Verdict left, Verdict right) noexcept;

}  // namespace course::grader
