#include "catalogue/stage.hpp"

namespace course::grader {
namespace {

// By value of the enumeration.
constexpr std::array<std::string_view, 7> stage_names{
    "build", "unit", "interleave", "tsan", "asan", "cost", "gate"};
constexpr std::array<std::string_view, 7> presets{
    "student", "student", "interleave", "tsan", "asan", "interleave", "bench"};
constexpr std::array<std::string_view, 7> verdict_names{
    "passed",      "failed",   "not started", "inconclusive",
    "environment", "tampered", "not run"};

constexpr std::array by_weight{
    Verdict::tampered,     Verdict::environment, Verdict::failed, Verdict::not_started,
    Verdict::inconclusive, Verdict::not_run,     Verdict::passed};

}  // namespace

std::string_view name_of(Stage stage) noexcept {
  return stage_names[static_cast<std::size_t>(stage)];
}

std::optional<Stage> stage_named(std::string_view name) noexcept {
  for (const Stage stage : all_stages) {
    if (name_of(stage) == name) return stage;
  }
  return std::nullopt;
}

std::string_view preset_of(Stage stage) noexcept {
  return presets[static_cast<std::size_t>(stage)];
}

std::string_view name_of(Verdict verdict) noexcept {
  return verdict_names[static_cast<std::size_t>(verdict)];
}

Verdict worse(Verdict left, Verdict right) noexcept {
  for (const Verdict verdict : by_weight) {
    if (left == verdict || right == verdict) return verdict;
  }
  return Verdict::passed;
}

}  // namespace course::grader
