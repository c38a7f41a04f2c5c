#include "grader/gate_stage.hpp"

#include "grader/defence.hpp"

namespace course::grader {
namespace {

// What `subject` is found to be worth by one gate.
gate::Result judge(const GateRule& rule, const Subject& subject, const Workshop& workshop,
                   const gate::Programs& programs) {
  gate::Gate gate = gate::gate_of(rule);
  if (rule.kind == GateRule::Kind::claim) {
    const Defence defence =
        read_defence(defence_of(subject, workshop.trees), rule.claimed);
    if (defence.verdict != Verdict::passed) {
      gate::Result unread;
      unread.verdict = defence.verdict == Verdict::failed ? gate::Verdict::failed
                                                          : gate::Verdict::not_started;
      unread.words = defence.words;
      return unread;
    }
    gate.claimed = defence.claim;
  }
  return workshop.judge->judge(gate, programs);
}

Verdict verdict_of(gate::Verdict verdict) {
  switch (verdict) {
    case gate::Verdict::passed:
      return Verdict::passed;
    case gate::Verdict::failed:
      return Verdict::failed;
    case gate::Verdict::not_started:
      return Verdict::not_started;
    case gate::Verdict::inconclusive:
      return Verdict::inconclusive;
    case gate::Verdict::skipped:
      return Verdict::not_run;
    case gate::Verdict::environment:
      return Verdict::environment;
    case gate::Verdict::tampered:
      return Verdict::tampered;
  }
  return Verdict::environment;
}

Finding finding_of(const GateRule& rule, const gate::Result& judged, Verdict verdict) {
  Finding finding;
  finding.verdict = verdict;
  finding.test = rule.name;
  finding.concept_name = verdict == Verdict::failed ? rule.concept_name : "";
  finding.what = judged.words;
  if (verdict == Verdict::failed) finding.detail = rule.reason;
  return finding;
}

}  // namespace

StageResult run_gate_stage(const Subject& subject, Workshop& workshop,
                           const std::vector<std::string>& only) {
  StageResult result;
  result.stage = Stage::gate;
  const Subject reference{subject.exercise, "solution"};
  const gate::Programs programs{program_of(workshop.trees, Stage::gate, subject),
                                program_of(workshop.trees, Stage::gate, reference)};
  bool measured = false;
  Verdict worst = Verdict::passed;
  for (const GateRule& rule : subject.exercise->gates) {
    if (!is_chosen(rule.name, only)) continue;
    const gate::Result judged = judge(rule, subject, workshop, programs);
    const Verdict verdict = verdict_of(judged.verdict);
    result.checks.push_back({rule.name, verdict, judged.seconds});
    result.seconds += judged.seconds;
    if (judged.verdict == gate::Verdict::skipped) {
      result.notes.push_back("skipped: " + rule.name + ": " + judged.words);
      continue;
    }
    measured = true;
    worst = worse(worst, verdict);
    if (verdict == Verdict::passed) {
      result.notes.push_back(rule.name + ": " + judged.words);
    } else {
      result.findings.push_back(finding_of(rule, judged, verdict));
    }
  }
  // With every gate skipped this machine could not tell.
  result.verdict = measured ? worst : Verdict::inconclusive;
  return result;
}

}  // namespace course::grader
