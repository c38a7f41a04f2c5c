#include <fmt/format.h>

#include <array>
#include <utility>

#include "gate/contest.hpp"
#include "gate/decision.hpp"
#include "gate/gate.hpp"

namespace course::gate {
namespace {

// Why `gate` cannot be measured on so many cores; empty if it can.
std::string too_few_cores(const Gate& gate, unsigned cores) {
  if (gate.kind == Kind::scaling && 2 * gate.threads > cores) {
    return fmt::format("scaling to {} threads needs {} cores, and {} may be used here",
                       2 * gate.threads, 2 * gate.threads, cores);
  }
  if (!gate.over.empty() && gate.threads > cores) {
    return fmt::format(
        "a gain of {} threads needs as many cores, and {} may be used here", gate.threads,
        cores);
  }
  return "";
}

std::string trouble_with(const char* known, const Result& control) {
  return fmt::format(
      "this machine is too unsteady to judge speed now: after {:.0f} s of measuring it "
      "could not tell whether the reference {}; close what else is running and grade "
      "again",
      control.seconds, known);
}

}  // namespace

Gate gate_of(const GateRule& rule) {
  constexpr std::array kinds = {Kind::ratio, Kind::scaling, Kind::gain, Kind::claim};
  Gate gate;
  gate.name = rule.name;
  gate.kind = kinds.at(static_cast<std::size_t>(rule.kind));
  gate.told = rule.told;
  gate.threads = static_cast<unsigned>(rule.threads);
  gate.over = rule.over;
  return gate;
}

Judge::Judge(Runner runner, unsigned usable_cores, std::uint64_t seed)
    : runner_(std::move(runner)), usable_cores_(usable_cores), random_(seed) {}

Result Judge::judge(const Gate& gate, const Programs& programs) {
  Contest contest(gate, {programs.student}, {programs.reference}, runner_,
                  [this] { return random_(); });
  Result unmeasured;
  unmeasured.verdict = Verdict::skipped;
  unmeasured.words = too_few_cores(gate, usable_cores_);
  if (!unmeasured.words.empty()) return without_measuring(contest, unmeasured);
  double spent = 0;  // on the machine: told with the first gate, which waited for it
  if (!tried_) spent = try_the_machine(gate, programs.reference);
  unmeasured.verdict = Verdict::inconclusive;
  unmeasured.words = trouble_;
  Result result = trouble_.empty() ? decide(contest, gate, rule_for(gate))
                                   : without_measuring(contest, unmeasured);
  result.seconds += spent;
  return result;
}

double Judge::try_the_machine(const Gate& gate, const std::filesystem::path& reference) {
  Gate control = gate;
  control.kind = Kind::ratio;
  const auto verdict_on = [&](Contestant student) {
    Contest contest(control, std::move(student), {reference}, runner_,
                    [this] { return random_(); });
    return decide(contest, control, rule_for(control));
  };
  tried_ = true;
  const Result same = verdict_on({reference, false});
  if (same.verdict == Verdict::environment) {
    tried_ = false;  // the judging will say so; another exercise's reference may run
    return same.seconds;
  }
  if (same.verdict != Verdict::passed) {
    trouble_ = trouble_with("is as fast as itself", same);
    return same.seconds;
  }
  const Result twice = verdict_on({reference, true});
  if (twice.verdict != Verdict::failed) {
    trouble_ = trouble_with("is slower when it does its work twice", twice);
  }
  return same.seconds + twice.seconds;
}

}  // namespace course::gate
