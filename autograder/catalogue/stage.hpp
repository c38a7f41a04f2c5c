// The stages of grading and the verdicts that each can reach; see grading.md's two lists.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace course::grader {

enum class Stage { build, unit, interleave, tsan, asan, cost, gate };

// In the order in which they are reported.
inline constexpr std::array all_stages{Stage::build, Stage::unit, Stage::interleave,
                                       Stage::tsan,  Stage::asan, Stage::cost,
                                       Stage::gate};

[[nodiscard]] std::string_view name_of(Stage stage) noexcept;
[[nodiscard]] std::optional<Stage> stage_named(std::string_view name) noexcept;

// The preset whose tree holds the programs that `stage` runs.
[[nodiscard]] std::string_view preset_of(Stage stage) noexcept;

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

// The one verdict for two things that were judged: the one that matters more to whoever
// reads it. Tampered, then environment, failed, not started, inconclusive, not run,
// passed.
[[nodiscard]] Verdict worse(Verdict left, Verdict right) noexcept;

}  // namespace course::grader
