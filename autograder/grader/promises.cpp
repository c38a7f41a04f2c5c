#include "grader/promises.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "grader/result.hpp"

namespace course::grader {
namespace {

// Where tests decide whether a step is kept.
constexpr std::array correctness{Stage::unit, Stage::interleave, Stage::tsan,
                                 Stage::asan};

// What decides about a promise, the first that is there. Other than for a whole grading, what
// was seen broken is broken, whatever else could not be measured.
constexpr std::array decisive_first{
    Verdict::tampered,    Verdict::failed,       Verdict::not_started, Verdict::not_run,
    Verdict::environment, Verdict::inconclusive, Verdict::passed};

Verdict decisive(Verdict left, Verdict right) {
  return *std::find_if(
      decisive_first.begin(), decisive_first.end(),
      [&](Verdict verdict) { return verdict == left || verdict == right; });
}

const StageResult* find(const std::vector<StageResult>& stages, Stage stage) {
  const auto found =
      std::find_if(stages.begin(), stages.end(),
                   [&](const StageResult& result) { return result.stage == stage; });
  return found == stages.end() ? nullptr : &*found;
}

// A stage that passed without a check of what it had to judge told nothing.
Verdict without_check(const StageResult& stage) {
  return stage.verdict == Verdict::passed ? Verdict::failed : stage.verdict;
}

// The verdict of the one check of that name.
Verdict verdict_of(const StageResult& stage, const std::string& name) {
  const auto is_it = [&](const Check& check) { return check.name == name; };
  const auto found = std::find_if(stage.checks.begin(), stage.checks.end(), is_it);
  if (found == stage.checks.end()) return without_check(stage);
  const bool once = std::none_of(found + 1, stage.checks.end(), is_it);
  return once ? found->verdict : Verdict::failed;
}

bool has_check(const StageResult& stage, const std::string& name) {
  return std::any_of(stage.checks.begin(), stage.checks.end(),
                     [&](const Check& check) { return check.name == name; });
}

// What `stage` says of all steps: what it found without naming a test of theirs, and a verdict
// that no check of it explains.
Verdict verdict_on_all(const StageResult& stage) {
  Verdict all = Verdict::passed;
  for (const auto& finding : stage.findings) {
    if (!has_check(stage, finding.test)) all = decisive(all, finding.verdict);
  }
  const bool explained =
      std::any_of(stage.checks.begin(), stage.checks.end(),
                  [&](const Check& check) { return check.verdict == stage.verdict; });
  return explained ? all : decisive(all, stage.verdict);
}

class Judgement {
 public:
  Judgement(const Exercise& exercise, const std::vector<StageResult>& stages)
      : exercise_(exercise), stages_(stages) {}

  std::vector<Promise> promises() const {
    std::vector<Promise> all;
    for (const auto& step : exercise_.steps) {
      all.push_back(
          {Promise::Kind::step, step.number, step.title, verdict_on(step), step.points});
    }
    for (const auto& cost : exercise_.costs) {
      if (cost.step != 0) continue;
      all.push_back(
          {Promise::Kind::cost, 0, cost.operation, verdict_on(cost), cost.points});
    }
    for (const auto& gate : exercise_.gates) {
      if (gate.step != 0) continue;
      all.push_back({Promise::Kind::gate, 0, gate.name, verdict_on(gate), gate.points});
    }
    for (auto& promise : all) promise.verdict = over_all(promise.verdict);
    return all;
  }

 private:
  // What is not built, or not to be trusted, keeps no promise.
  Verdict over_all(Verdict verdict) const {
    const bool tampered = std::any_of(
        stages_.begin(), stages_.end(),
        [](const StageResult& stage) { return stage.verdict == Verdict::tampered; });
    if (tampered) return Verdict::tampered;
    const StageResult* built = find(stages_, Stage::build);
    if (built == nullptr) return Verdict::not_run;
    return built->verdict == Verdict::passed ? verdict : built->verdict;
  }

  Verdict verdict_on(const Step& step) const {
    Verdict all = Verdict::passed;
    for (const Stage stage : correctness) all = decisive(all, verdict_in(stage, step));
    for (const auto& cost : exercise_.costs) {
      if (cost.step == step.number) all = decisive(all, verdict_on(cost));
    }
    for (const auto& gate : exercise_.gates) {
      if (gate.step == step.number) all = decisive(all, verdict_on(gate));
    }
    return all;
  }

  // Exactly the exercise's tests must have reported.
  Verdict verdict_in(Stage stage, const Step& step) const {
    const StageResult* result = find(stages_, stage);
    if (result == nullptr) return Verdict::not_run;
    if (result->checks.size() > exercise_.tests().size()) return Verdict::failed;
    return decisive(verdict_on_all(*result), grader::verdict_in(*result, step));
  }

  Verdict verdict_on(const CostLimit& cost) const {
    const StageResult* result = find(stages_, Stage::cost);
    return result == nullptr ? Verdict::not_run : verdict_of(*result, cost.operation);
  }

  // A gate that this machine cannot hold was skipped: that told nothing either way.
  Verdict verdict_on(const GateRule& gate) const {
    const StageResult* result = find(stages_, Stage::gate);
    if (result == nullptr) return Verdict::not_run;
    const Verdict verdict = verdict_of(*result, gate.name);
    const bool skipped = verdict == Verdict::not_run && has_check(*result, gate.name);
    return skipped ? Verdict::inconclusive : verdict;
  }

  const Exercise& exercise_;
  const std::vector<StageResult>& stages_;
};

}  // namespace

std::string_view name_of(Promise::Kind kind) noexcept {
  constexpr std::array<std::string_view, 3> names{"step", "cost", "gate"};
  return names[static_cast<std::size_t>(kind)];
}

std::string heading_of(const Promise& promise) {
  return promise.kind == Promise::Kind::step ? fmt::format("step {}", promise.number)
                                             : std::string(name_of(promise.kind));
}

Points& Points::operator+=(const Points& other) {
  earned += other.earned;
  of += other.of;
  not_measured += other.not_measured;
  return *this;
}

std::string words_for(const Points& points) {
  const std::string rest = fmt::format("; {} not measured here", points.not_measured);
  return fmt::format("{} of {} points{}", points.earned, points.of,
                     points.not_measured > 0 ? rest : "");
}

Points points_of(const std::vector<Promise>& promises) {
  Points sum;
  for (const auto& promise : promises) {
    sum.earned += promise.points();
    (promise.measured() ? sum.of : sum.not_measured) += promise.of;
  }
  return sum;
}

std::vector<Promise> promises_of(const Exercise& exercise,
                                 const std::vector<StageResult>& stages) {
  return Judgement(exercise, stages).promises();
}

Verdict verdict_in(const StageResult& stage, const Step& step) {
  Verdict all = step.tests.empty() ? Verdict::failed : Verdict::passed;
  for (const auto& test : step.tests) all = decisive(all, verdict_of(stage, test.name));
  return all;
}

}  // namespace course::grader
