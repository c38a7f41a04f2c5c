#include "grader/verdict.hpp"

namespace course::grader {
namespace {

// By value of the enumeration.
constexpr std::array<std::string_view, 7> verdict_names{
    "passed",      "failed",   "not started", "inconclusive",
    "environment", "tampered", "not run"};

constexpr std::array by_weight{
    Verdict::tampered,     Verdict::environment, Verdict::failed, Verdict::not_started,
    Verdict::inconclusive, Verdict::not_run,     Verdict::passed};

}  // namespace

std::string_view name_of(Verdict verdict) noexcept {
  return verdict_names[static_cast<std::size_t>(verdict)];
}

std::optional<Verdict> verdict_named(std::string_view name) noexcept {
  for (const Verdict verdict : by_weight) {
    if (name_of(verdict) == name) return verdict;
  }
  return std::nullopt;
}

bool passes(Verdict verdict) noexcept {
  return verdict == Verdict::passed || verdict == Verdict::inconclusive;
}

Verdict worse(Verdict left, Verdict right) noexcept {
  for (const Verdict verdict : by_weight) {
    if (left == verdict || right == verdict) return verdict;
  }
  return Verdict::passed;
}

}  // namespace course::grader
