#include "grader/test_judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <set>

#include "catalogue/code.hpp"
#include "grader/what_next.hpp"
#include "process/stacks.hpp"
#include "reading/sanitizer_report.hpp"

namespace course::grader {
namespace {

namespace fs = std::filesystem;

bool explored_as(const TestRun& run, const std::set<std::string>& kinds) {
  return std::any_of(run.explored.begin(), run.explored.end(), [&](const auto& explored) {
    return kinds.contains(explored.value("kind", ""));
  });
}

int line_of_volatile(const fs::path& file) {
  static const std::regex word(R"(\bvolatile\b)");
  return first_line_with(word, file);
}

// A test that held without having looked held nothing.
std::optional<Finding> wrong_explorations(const Test& test, const TestRun& run,
                                          Stage stage, bool is_solution) {
  const bool none = test.only_where_explored && stage != Stage::interleave;
  const std::size_t due = none ? 0 : test.explorations;
  const std::size_t brought = run.explored.size();
  Finding finding;
  finding.test = test.name;
  if (is_solution && brought != due) {
    finding.what = fmt::format(
        "explores {} time{} and its source shows {}: call `explore` in the test itself, "
        "or a helper that is named explore_…",
        brought, brought == 1 ? "" : "s", due);
    return finding;
  }
  if (brought >= due) return std::nullopt;
  finding.verdict = Verdict::tampered;
  finding.what = fmt::format(
      "only {} of its {} exploration{} reported: something suppresses the rest", brought,
      due, due == 1 ? "" : "s");
  return finding;
}

}  // namespace

TestJudge::TestJudge(Stage stage, const Subject& subject, const Trees& trees)
    : stage_(stage),
      subject_(subject),
      file_(subject.file(trees.tree(preset_of(stage)))) {}

std::optional<Finding> TestJudge::judge(const Test& test, const TestCommand& command,
                                        const TestRun& run) const {
  auto finding = finding_for(command, run);
  if (!finding) {
    return wrong_explorations(test, run, stage_, subject_.variant == "solution");
  }
  if (run.process.end == process::End::timed_out) {
    show_own_frames(run.process.stacks, *finding);
  }
  name_variant(*finding);
  const bool of_the_step =
      finding->verdict == Verdict::failed || finding->verdict == Verdict::not_started;
  if (of_the_step) {
    // What fails while its own step is still to be written does not count against it: it
    // fails because of the steps before, which say so themselves.
    if (auto excused = unwritten(test)) return excused;
  }
  const bool written = finding->verdict != Verdict::not_started;
  if (written && finding->concept_name.empty()) finding->concept_name = concept_for(test);
  if (written && finding->concept_name.empty() && explored_as(run, {"deadlock"})) {
    finding->concept_name = "deadlock";  // whatever it was that a thread slept for
  }
  if (finding->concept_name != "data race") return finding;
  if (const int line = line_of_volatile(file_); line > 0) {
    finding->what +=
        fmt::format("; `volatile` (line {}) orders nothing between threads", line);
  }
  return finding;
}

// The explorer does not know whose program it is: without the variant its picture's command
// would replay the student's.
void TestJudge::name_variant(Finding& finding) const {
  const std::string of_student = "autograder/course replay " + finding.token;
  const std::size_t at = finding.detail.find(of_student + "\n");
  if (finding.token.empty() || at == std::string::npos) return;
  finding.detail.replace(at, of_student.size(), replay_command(subject_, finding.token));
}

// Told at the step's first line, and not at the one that a thread happened to reach.
std::optional<Finding> TestJudge::unwritten(const Test& test) const {
  const auto left = subject_.unwritten.find(test.step);
  if (left == subject_.unwritten.end()) return std::nullopt;
  Finding finding;
  finding.verdict = Verdict::not_started;
  finding.test = test.name;
  finding.what = fmt::format("step {} is still to be written", test.step);
  finding.file = file_;
  finding.line = left->second;
  return finding;
}

Finding TestJudge::out_of_time(const Test& test, double seconds) const {
  Finding finding;
  finding.test = test.name;
  finding.what = fmt::format(
      "was not run: the stage's {:g} s were used up by the tests before", seconds);
  finding.concept_name = concept_for(test);
  return finding;
}

bool TestJudge::never_ends(const TestRun& run) const {
  if (stage_ == Stage::unit) return run.process.end == process::End::timed_out;
  return explored_as(run, {"deadlock", "lost wake-up", "livelock"});
}

// A sanitizer's report first: a test can pass while its threads race.
std::optional<Finding> TestJudge::finding_for(const TestCommand& command,
                                              const TestRun& run) const {
  if (is_sanitizer()) {
    if (auto finding = judge_report(command, run)) return finding;
  }
  auto finding = finding_of(command, run);
  if (finding && stage_ == Stage::interleave && explored_as(run, {"unsupported"})) {
    finding->verdict = Verdict::environment;
  }
  return finding ? finding : too_few_schedules(run, command);
}

// What an exploration that had no time for a hundred schedules did not see, it may have missed.
std::optional<Finding> TestJudge::too_few_schedules(const TestRun& run,
                                                    const TestCommand& command) const {
  if (stage_ != Stage::interleave) return std::nullopt;
  const auto few =
      std::find_if(run.explored.begin(), run.explored.end(),
                   [](const auto& explored) { return explored.value("few", false); });
  if (few == run.explored.end()) return std::nullopt;
  Finding finding;
  finding.verdict = Verdict::environment;
  finding.test = command.test;
  const int schedules = few->value("schedules", 0);
  finding.what = fmt::format(
      "the time ran out after {} schedule{}, which is too few to pass; close what else "
      "is "
      "running and grade again",
      schedules, schedules == 1 ? "" : "s");
  finding.again = again(command);
  return finding;
}

std::optional<Finding> TestJudge::judge_report(const TestCommand& command,
                                               const TestRun& run) const {
  const auto report = reading::read_sanitizer_report(run.process.output, file_);
  Finding finding;
  finding.test = command.test;
  if (!report) {
    const std::string death =
        run.tests_reported == 0 ? reading::start_up_death(run.process.output) : "";
    if (death.empty()) return std::nullopt;
    finding.verdict = Verdict::environment;
    finding.what = death;
    return finding;
  }
  finding.what = report->what;
  finding.detail = report->detail;
  finding.file = report->file;
  finding.line = report->line;
  const auto stage_concept = subject_.exercise->stage_concepts.find(stage_);
  const bool known_better =
      report->general && stage_concept != subject_.exercise->stage_concepts.end();
  finding.concept_name = known_better ? stage_concept->second : report->concept_name;
  finding.again = again(command);
  return finding;
}

// A sanitizer's concept is for its own reports: a test that hangs under it is about what it
// is about everywhere.
std::string TestJudge::concept_for(const Test& test) const {
  if (is_sanitizer()) return test.concept_name;
  const auto& concepts = subject_.exercise->stage_concepts;
  const auto found = concepts.find(stage_);
  return found == concepts.end() ? test.concept_name : found->second;
}

// Of every thread that hangs, its calls in the student's file and in the test; the whole
// stacks are in the log.
void TestJudge::show_own_frames(const std::string& stacks, Finding& finding) const {
  const std::string file = subject_.exercise->file.filename();
  const auto threads =
      process::frames_in(stacks, {file, subject_.exercise->name + "_test.cpp"});
  if (threads.empty()) return;
  finding.detail = "where each thread was:";
  for (const auto& [thread, frames] : threads) {
    std::string name = thread;
    for (const process::Frame& frame : frames) {
      const std::string here = fs::path(frame.file).filename();
      if (here != file && &frame != &frames.front() && &frame != &frames.back()) continue;
      finding.detail +=
          fmt::format("\n{:<16} {}:{}   {}", name, here, frame.line, frame.function);
      name.clear();
      if (finding.line == 0 && here == file) {
        finding.file = frame.file;
        finding.line = frame.line;
      }
    }
  }
}

}  // namespace course::grader
