#include "gate/decision.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "gate/e_process.hpp"
#include "machine/median.hpp"

namespace course::gate {
namespace {

constexpr double clearly_more = 1.1;

// What the blocks so far have shown.
class Findings {
 public:
  explicit Findings(const Rule& rule) : rule_(rule) {}

  void add(const Block& block);
  // The verdict once there is one.
  [[nodiscard]] std::optional<Verdict> verdict() const;

  [[nodiscard]] double ratio() const;
  [[nodiscard]] double reference_gain() const {
    return machine::median(reference_gains_);
  }
  // Whether a program that gains nothing at all could be told from the reference.
  [[nodiscard]] bool reference_gains() const;
  // In most blocks, and in the best runs of all: where noise hides a lie from a block, the
  // quietest moments of the whole measuring show it.
  [[nodiscard]] bool clock_agrees() const {
    if (clock_runs_slow_) return !*clock_runs_slow_;
    return clock_agreed_ && !remainders_.clock_is_off();
  }

  // Whether it is shown that the student's process lasts too long for what it reports, and
  // still to be found out why.
  [[nodiscard]] bool clock_is_suspect() const {
    return !clock_runs_slow_ && clock_.bad() >= rule_.fail_at;
  }
  void settle_clock(std::optional<bool> runs_slow) { clock_runs_slow_ = runs_slow; }
  [[nodiscard]] double e_fail() const { return speed_.bad(); }
  [[nodiscard]] double e_pass() const { return speed_.good(); }

 private:
  const Rule rule_;
  EProcess speed_;
  EProcess clock_;
  bool fast_enough_ = false;   // once shown, it stays shown
  bool clock_agreed_ = false;  // likewise
  Remainders remainders_;
  std::optional<bool> clock_runs_slow_;
  std::vector<double> differences_;
  std::vector<double> reference_gains_;
};

void Findings::add(const Block& block) {
  if (block.d) {
    speed_.add(*block.d < std::log(rule_.bar));
    differences_.push_back(*block.d);
  }
  if (block.remainders.complete()) clock_.add(block.remainders.clock_is_off());
  remainders_.add(block.remainders);
  if (block.reference_gain) reference_gains_.push_back(*block.reference_gain);
  fast_enough_ = fast_enough_ || speed_.good() >= rule_.pass_at;
  clock_agreed_ = clock_agreed_ || clock_.good() >= rule_.pass_at;
}

std::optional<Verdict> Findings::verdict() const {
  if (clock_runs_slow_.value_or(false)) return Verdict::tampered;
  const bool slow = speed_.bad() >= rule_.fail_at;
  const bool passed = fast_enough_ && clock_agrees();
  if ((slow || passed) && !reference_gains()) return Verdict::inconclusive;
  if (slow) return Verdict::failed;
  if (passed) return Verdict::passed;
  return std::nullopt;
}

double Findings::ratio() const {
  if (differences_.empty()) return 0;
  const double ratio = std::exp(machine::median(differences_));
  return std::isfinite(ratio) ? ratio : 0;
}

bool Findings::reference_gains() const {
  return reference_gains_.empty() || reference_gain() >= clearly_more / rule_.bar;
}

// --- in words --------------------------------------------------------------------------

std::string over_what(const Gate& gate) {
  if (gate.kind != Kind::scaling) return "over " + gate.over;
  return fmt::format("from {} to {} threads", gate.threads, 2 * gate.threads);
}

// Too few cores, or none to spare: then no program can show what is asked of it.
std::string words_for_no_gain(const Gate& gate, double gain) {
  return fmt::format(
      "not measurable here: the reference itself gains only {:.2f} times {}", gain,
      over_what(gate));
}

std::string what_is_compared(const Gate& gate) {
  if (gate.kind == Kind::ratio) return "the reference's speed";
  return "the reference's gain " + over_what(gate);
}

std::string words_for_failure(const Gate& gate, double ratio) {
  if (ratio == 0) {
    return fmt::format(
        "stopped in run after run at four times the reference's time; {:.2f} of {} is "
        "asked",
        gate.told, what_is_compared(gate));
  }
  return fmt::format("{:.2f} of {}, and {:.2f} is asked", ratio, what_is_compared(gate),
                     gate.told);
}

std::string words_for_doubt(const Gate& gate, const Findings& findings, double ratio) {
  if (!findings.reference_gains()) {
    return words_for_no_gain(gate, findings.reference_gain());
  }
  if (!findings.clock_agrees() && findings.e_pass() > findings.e_fail()) {
    return "this machine was too noisy to compare the program's clock with ours; close "
           "what else is running and grade again";
  }
  return fmt::format(
      "{:.2f} of {} as far as could be seen, {:.2f} is asked; this machine was too noisy "
      "to be sure, so close what else is running and grade again",
      ratio, what_is_compared(gate), gate.told);
}

std::string words_for(Verdict verdict, const Gate& gate, const Findings& findings,
                      double ratio) {
  switch (verdict) {
    case Verdict::passed:
      return fmt::format("{:.2f} of {}, {:.2f} was asked", ratio, what_is_compared(gate),
                         gate.told);
    case Verdict::failed:
      return words_for_failure(gate, ratio);
    case Verdict::tampered:
      return "the process lasts longer than the work it reports explains, and the "
             "reference's does not: its clock cannot be trusted";
    default:
      return words_for_doubt(gate, findings, ratio);
  }
}

Result result_of_broken_run(const Broke& broke) {
  Result result;
  const Measurement& measurement = broke.measurement;
  if (broke.side == Side::reference) {
    result.verdict = Verdict::environment;
    result.words = "the reference could not be measured: " + measurement.words;
    return result;
  }
  result.words = measurement.words;
  result.verdict = measurement.end == End::not_started  ? Verdict::not_started
                   : measurement.end == End::impossible ? Verdict::tampered
                   : measurement.end == End::limited    ? Verdict::environment
                                                        : Verdict::failed;
  return result;
}

Result measure(Contest& contest, const Gate& gate, const Rule& rule) {
  contest.calibrate();
  const double until = contest.seconds() + rule.seconds;
  Findings findings(rule);
  Result result;
  std::optional<Verdict> verdict;
  while (!verdict && contest.seconds() < until) {
    findings.add(contest.next());
    ++result.blocks;
    if (findings.clock_is_suspect()) {
      findings.settle_clock(contest.student_clock_runs_slow());
    }
    verdict = findings.verdict();
  }
  result.verdict = verdict.value_or(Verdict::inconclusive);
  result.e_fail = findings.e_fail();
  result.e_pass = findings.e_pass();
  result.ratio = findings.ratio();
  result.words = words_for(result.verdict, gate, findings, result.ratio);
  return result;
}

// --- claims ----------------------------------------------------------------------------

// The student's gains, block by block, are all that the machine shows: their spread is its noise.
Result compare_with_claim(const Gate& gate, std::vector<double> gains,
                          double reference_gain) {
  Result result;
  result.blocks = static_cast<int>(gains.size());
  if (gains.empty()) {
    result.words = "stopped in run after run: there is nothing to compare the claim with";
    result.verdict = Verdict::failed;
    return result;
  }
  if (reference_gain < clearly_more) {
    result.words = words_for_no_gain(gate, reference_gain);
    return result;
  }
  const auto [least, most] = std::minmax_element(gains.begin(), gains.end());
  const std::string measured =
      fmt::format("{:.2f} times {} is measured here ({:.2f} to {:.2f} in {} blocks)",
                  machine::median(gains), gate.over, *least, *most, gains.size());
  const std::string claimed =
      fmt::format("{:g} to {:g} is claimed", gate.claimed.from, gate.claimed.to);
  constexpr double too_wide = 2;
  if (gate.claimed.to < *least || gate.claimed.from > *most) {
    result.verdict = Verdict::failed;
    result.words = measured + ", and " + claimed;
  } else if (*most > too_wide * *least) {
    result.words = measured + ": too unsteady to say whether the claim is true";
  } else {
    result.verdict = Verdict::passed;
    result.words = measured + ", " + claimed;
  }
  return result;
}

Result measure_claim(Contest& contest, const Gate& gate, double seconds) {
  constexpr int enough = 12;
  contest.calibrate();
  const double until = contest.seconds() + seconds;
  std::vector<double> gains;
  std::vector<double> of_reference;
  for (int block = 0; block < enough && contest.seconds() < until; ++block) {
    const Block found = contest.next();
    if (found.student_gain) gains.push_back(*found.student_gain);
    if (found.reference_gain) of_reference.push_back(*found.reference_gain);
  }
  return compare_with_claim(gate, std::move(gains), machine::median(of_reference));
}

}  // namespace

Rule rule_for(const Gate& gate) {
  const double margin = gate.kind == Kind::ratio ? 0.10 : 0.05;
  return {.bar = gate.told - margin};
}

Result decide(Contest& contest, const Gate& gate, const Rule& rule) {
  Result result;
  try {
    result = gate.kind == Kind::claim ? measure_claim(contest, gate, rule.seconds)
                                      : measure(contest, gate, rule);
  } catch (const Broke& broke) {
    result = result_of_broken_run(broke);
  }
  result.seconds = contest.seconds();
  return result;
}

Result without_measuring(Contest& contest, Result unmeasured) {
  try {
    contest.try_student();
  } catch (const Broke& broke) {
    unmeasured = result_of_broken_run(broke);
  }
  unmeasured.seconds = contest.seconds();
  return unmeasured;
}

}  // namespace course::gate
