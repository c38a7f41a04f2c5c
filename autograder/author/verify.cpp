#include "author/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <mutex>
#include <set>

#include "catalogue/files.hpp"
#include "grader/cause.hpp"
#include "grader/side_by_side.hpp"
#include "grader/wrapping.hpp"

namespace course::author {
namespace {

using grader::StageResult;
using grader::Subject;
using grader::Verdict;

// The tree in which a warning is an error.
constexpr std::string_view strict_preset = "author";

// Every tree, in the order in which they are proven: the quickest to build first.
constexpr std::array<std::string_view, 6> presets{"student",    strict_preset, "tsan",
                                                  "interleave", "asan",        "bench"};

// A gate that cannot tell is asked this often.
constexpr int gate_attempts = 3;

// One thing to try, which concept a mutant's failure must name, and which tests must fail.
struct Trial {
  Kind kind;
  Subject subject;
  Stage stage;
  std::string concept_name;
  std::vector<std::string> tests;

  // A starter's build is tried where warnings are errors.
  [[nodiscard]] std::string_view preset() const {
    return kind == Kind::starter && stage == Stage::build ? strict_preset
                                                          : preset_of(stage);
  }

  // Whether the program must be there before the trial. A mutant that the compiler must
  // catch is built by its trial.
  [[nodiscard]] bool needs_program() const {
    return !(kind == Kind::mutant && stage == Stage::build);
  }
};

// The tests are those of the first stage; others may know the mistake by other tests.
void add_trials_of(const Mutant& mutant, const Exercise& exercise, MutantStages stages,
                   std::vector<Trial>& trials) {
  if (stages == MutantStages::none) return;
  for (const Stage stage : mutant.caught_by) {
    const bool first = stage == mutant.caught_by.front();
    if (!first && stages == MutantStages::first) return;
    trials.push_back({Kind::mutant,
                      {&exercise, mutant.name},
                      stage,
                      mutant.concept_name,
                      first ? mutant.tests : std::vector<std::string>{}});
  }
}

std::vector<Trial> trials_of(const Exercise& exercise, MutantStages mutant_stages,
                             const Grading& grading) {
  std::vector<Trial> trials;
  const Subject starter{&exercise, "student"};
  trials.push_back({Kind::starter, starter, Stage::build, "", {}});
  trials.push_back({Kind::starter, starter, Stage::unit, "", {}});
  for (const Stage stage : all_stages) {
    if (grading.applies(stage, exercise)) {
      trials.push_back({Kind::solution, {&exercise, "solution"}, stage, "", {}});
    }
  }
  for (const auto& mutant : exercise.mutants) {
    add_trials_of(mutant, exercise, mutant_stages, trials);
  }
  return trials;
}

// What `result` found first, for a message.
std::string first_words(const StageResult& result) {
  if (!result.findings.empty()) return result.findings.front().what;
  return result.notes.empty() ? "it says nothing more" : result.notes.front();
}

void judge_starter(const Exercise& exercise, const StageResult& result,
                   Evidence& evidence) {
  if (result.verdict != Verdict::not_started) {
    evidence.words = fmt::format("is {}, not `not started`: {}", name_of(result.verdict),
                                 first_words(result));
    return;
  }
  for (const auto& step : exercise.steps) {
    const Verdict verdict = grader::verdict_in(result, step);
    if (verdict == Verdict::not_started) continue;
    evidence.words =
        fmt::format("step {} is {} before it was written; give it a test that needs it",
                    step.number, name_of(verdict));
    return;
  }
  evidence.standing = Standing::holds;
}

void judge_solution(const StageResult& result, Evidence& evidence) {
  if (result.verdict == Verdict::passed) {
    evidence.standing = Standing::holds;
  } else {
    evidence.words =
        fmt::format("is {}: {}", name_of(result.verdict), first_words(result));
  }
}

// The first of `tests` that found nothing, though others did; empty if there is none.
std::string idle_test(const StageResult& result, const std::vector<std::string>& tests) {
  for (const auto& test : tests) {
    const bool found =
        std::any_of(result.findings.begin(), result.findings.end(),
                    [&](const grader::Finding& finding) { return finding.test == test; });
    if (!found) return test;
  }
  return "";
}

// As if a student had made the mistake: the stage that catches it, after one that built it.
grader::ExerciseResult graded(const Trial& trial, const StageResult& result) {
  grader::ExerciseResult all{{trial.subject.exercise, "student"}, {result}, {}};
  if (result.stage != Stage::build) {
    StageResult built;
    built.verdict = Verdict::passed;
    all.stages.insert(all.stages.begin(), built);
  }
  all.promises = grader::promises_of(*trial.subject.exercise, all.stages);
  return all;
}

// What is wrong with how the failure is told: a student reads it on a terminal of 80 columns and
// 24 lines, the last of which is the prompt's.
std::string badly_told(const Trial& trial, const StageResult& result,
                       const Grading& grading) {
  const grader::ExerciseResult all = graded(trial, result);
  const auto cause = grader::cause_of(all);
  if (!cause) return "is caught without a message";
  const std::vector<std::string> lines = lines_of(grading.printed(all));
  for (const std::string& line : lines) {
    if (grader::columns_of(line) > grader::columns_shown) {
      return "prints a line of more than 80 columns: " + line;
    }
  }
  const std::size_t above = lines.size() - std::min(lines.size(), grader::lines_in_view);
  const std::vector<std::string> head = lines_of(grader::head_of(*cause));
  const auto begins = std::search(lines.begin(), lines.end(), head.begin(), head.end());
  const auto out_of_view = lines.begin() + static_cast<std::ptrdiff_t>(above);
  if (begins < out_of_view || begins == lines.end()) {
    return fmt::format("its heading is not among the last {} lines",
                       grader::lines_in_view);
  }
  const bool goes_on = std::any_of(begins, lines.end(), [](const std::string& line) {
    return line.starts_with("next: ");
  });
  return goes_on ? "" : "does not say what to do next";
}

void judge_mutant(const Trial& trial, const StageResult& result, const Grading& grading,
                  Evidence& evidence) {
  const std::string& expected = trial.concept_name;
  if (result.verdict == Verdict::passed) {
    evidence.words = fmt::format(
        "escapes{}: add a test that this mistake breaks, or name another stage in the "
        "head of its diff",
        trial.tests.empty() ? "" : " the tests that its head names");
    return;
  }
  if (result.verdict != Verdict::failed) {
    evidence.words =
        fmt::format("is {}: {}", name_of(result.verdict), first_words(result));
    return;
  }
  if (const std::string idle = idle_test(result, trial.tests); !idle.empty()) {
    evidence.words = idle + " does not catch it: take it out of the head of its diff";
    return;
  }
  std::set<std::string> named;
  for (const auto& finding : result.findings) named.insert(finding.concept_name);
  if (named.contains(expected)) {
    evidence.concept_name = expected;
    evidence.words = badly_told(trial, result, grading);
    if (evidence.words.empty()) evidence.standing = Standing::holds;
    return;
  }
  if (!named.empty()) evidence.concept_name = *named.rbegin();
  evidence.words = fmt::format("is caught, but as \"{}\", not as \"{}\": {}",
                               evidence.concept_name, expected, first_words(result));
}

// Whether a gate that names the mutant's concept could not tell, whatever others found.
bool right_gate_was_unsure(const Trial& trial, const StageResult& result) {
  for (const auto& rule : trial.subject.exercise->gates) {
    if (rule.concept_name != trial.concept_name) continue;
    for (const auto& check : result.checks) {
      if (check.name == rule.name && check.verdict == Verdict::inconclusive) return true;
    }
  }
  return false;
}

Evidence evidence_about(const Trial& trial, Standing standing) {
  Evidence evidence;
  evidence.kind = trial.kind;
  evidence.exercise = trial.subject.exercise->name;
  evidence.variant = trial.subject.variant;
  evidence.stage = trial.stage;
  evidence.standing = standing;
  return evidence;
}

Evidence judged(const Trial& trial, const StageResult& result, const Grading& grading) {
  Evidence evidence = evidence_about(trial, Standing::fails);
  evidence.seconds = result.seconds;
  if (result.verdict == Verdict::inconclusive) {
    evidence.standing = Standing::inconclusive;
    evidence.words = first_words(result);
    return evidence;
  }
  switch (trial.kind) {
    case Kind::starter:
      judge_starter(*trial.subject.exercise, result, evidence);
      break;
    case Kind::solution:
      judge_solution(result, evidence);
      break;
    case Kind::mutant:
      judge_mutant(trial, result, grading, evidence);
      if (evidence.standing == Standing::fails && right_gate_was_unsure(trial, result)) {
        evidence.standing = Standing::inconclusive;
      }
      break;
  }
  return evidence;
}

class Campaign {
 public:
  Campaign(std::vector<Trial> trials, Grading& grading, const EvidenceListener& listener)
      : trials_(std::move(trials)),
        grading_(grading),
        listener_(listener),
        evidence_(trials_.size()) {}

  // Tree by tree, so that the first evidence comes before the last program is built.
  std::vector<Evidence> run() {
    for (const std::string_view preset : presets) {
      build_all(preset);
      run_side_by_side(preset);
    }
    for (std::size_t i = 0; i < trials_.size(); ++i) {
      if (trials_[i].stage == Stage::gate) run_one(i);
    }
    return std::move(evidence_);
  }

 private:
  void build_all(std::string_view preset) {
    std::vector<Subject> subjects;
    for (const Trial& trial : trials_) {
      if (!trial.needs_program() || trial.preset() != preset) continue;
      const auto same = [&](const Subject& one) {
        return one.target() == trial.subject.target();
      };
      if (std::none_of(subjects.begin(), subjects.end(), same))
        subjects.push_back(trial.subject);
    }
    if (!subjects.empty()) unbuilt_[preset] = grading_.build(preset, subjects);
  }

  void run_side_by_side(std::string_view preset) {
    std::atomic<std::size_t> next = 0;
    grader::side_by_side(grading_.side_by_side(), [&] {
      // relaxed: the index alone is shared; run_one locks what it writes.
      for (std::size_t k;
           (k = next.fetch_add(1, std::memory_order_relaxed)) < trials_.size();) {
        const Trial& trial = trials_[k];
        if (trial.preset() == preset && trial.stage != Stage::gate) run_one(k);
      }
    });
  }

  void run_one(std::size_t index) {
    Evidence evidence = evidence_about(trials_[index], Standing::fails);
    try {
      evidence = evidence_for(trials_[index]);
    } catch (const std::exception& error) {
      evidence.words = error.what();
    }
    const std::scoped_lock lock(mutex_);
    evidence_[index] = evidence;
    listener_(evidence);
  }

  Evidence evidence_for(const Trial& trial) {
    if (trial.needs_program()) {
      const auto& unbuilt = unbuilt_.at(trial.preset());
      if (const auto found = unbuilt.find(trial.subject.target());
          found != unbuilt.end()) {
        Evidence evidence = evidence_about(trial, Standing::fails);
        evidence.words = "does not build: " + found->second;
        return evidence;
      }
      if (trial.kind == Kind::starter && trial.stage == Stage::build) {
        return evidence_about(trial, Standing::holds);
      }
    }
    Evidence evidence;
    for (int i = 0; i < gate_attempts; ++i) {
      evidence =
          judged(trial, grading_.run(trial.stage, trial.subject, trial.tests), grading_);
      if (evidence.standing != Standing::inconclusive) break;
    }
    return evidence;
  }

  const std::vector<Trial> trials_;
  Grading& grading_;
  const EvidenceListener& listener_;
  // What did not build, by tree and target; only read while trials run.
  std::map<std::string_view, std::map<std::string, std::string>> unbuilt_;
  std::mutex mutex_;
  std::vector<Evidence> evidence_;  // mutex_
};

}  // namespace

std::vector<Evidence> gather_evidence(const std::vector<const Exercise*>& exercises,
                                      const Extent& extent, Grading& grading,
                                      const EvidenceListener& listener) {
  std::vector<Trial> trials;
  for (const auto* exercise : exercises) {
    const std::vector<Trial> more = trials_of(*exercise, extent.mutants, grading);
    trials.insert(trials.end(), more.begin(), more.end());
  }
  std::erase_if(trials, [&](const Trial& trial) {
    return extent.only && trial.stage != *extent.only;
  });
  return Campaign(std::move(trials), grading, listener).run();
}

}  // namespace course::author
