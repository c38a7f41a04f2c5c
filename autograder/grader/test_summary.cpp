#include "grader/test_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace course::grader {

TestSummary::TestSummary(Stage stage, const std::vector<Test>& tests)
    : stage_(stage), tests_(tests) {}

// -- What happened ---------------------------------------------------------------------------

void TestSummary::note(std::string text) {
  const std::lock_guard lock(mutex_);
  notes_.push_back(std::move(text));
}

void TestSummary::add(Finding finding) {
  const std::lock_guard lock(mutex_);
  findings_.push_back(std::move(finding));
}

void TestSummary::add(const Test& test, std::optional<Finding> finding,
                      const TestRun& run) {
  const std::lock_guard lock(mutex_);
  explored_[test.name] = run.explored;
  add_locked(test, std::move(finding), run.process.seconds);
}

void TestSummary::add(const Test& test, Finding finding) {
  const std::lock_guard lock(mutex_);
  add_locked(test, std::move(finding), 0);
}

void TestSummary::add_locked(const Test& test, std::optional<Finding> finding,
                             double seconds) {
  const auto [at, fresh] =
      checks_.try_emplace(test.name, Check{test.name, Verdict::passed, 0});
  Check& check = at->second;
  check.seconds += seconds;
  if (check.verdict != Verdict::passed || !finding) return;
  check.verdict = finding->verdict;
  findings_.push_back(std::move(*finding));
}

void TestSummary::leave_to_earlier_stage() {
  const std::lock_guard lock(mutex_);
  ++left_to_earlier_stages_;
}

void TestSummary::leave_at_first_look() {
  const std::lock_guard lock(mutex_);
  first_look_only_ = true;
}

// -- What is known so far --------------------------------------------------------------------

bool TestSummary::failed(const Test& test) const {
  const std::lock_guard lock(mutex_);
  const auto known = checks_.find(test.name);
  return known != checks_.end() && known->second.verdict != Verdict::passed;
}

bool TestSummary::step_is_broken(const Test& test) const {
  const std::lock_guard lock(mutex_);
  const auto is_of_its_step = [&](const Finding& finding) {
    const auto found = std::find_if(tests_.begin(), tests_.end(), [&](const Test& other) {
      return other.name == finding.test;
    });
    return found == tests_.end() || found->step == test.step;
  };
  return std::any_of(findings_.begin(), findings_.end(), [&](const Finding& finding) {
    return finding.verdict != Verdict::not_started && is_of_its_step(finding);
  });
}

std::vector<const Test*> TestSummary::held() const {
  const std::lock_guard lock(mutex_);
  std::vector<const Test*> all;
  for (const Test& test : tests_) {
    const auto known = checks_.find(test.name);
    if (known != checks_.end() && known->second.verdict == Verdict::passed) {
      all.push_back(&test);
    }
  }
  return all;
}

bool TestSummary::all_explored(const Test& test) const {
  const std::lock_guard lock(mutex_);
  const auto seen = explored_.find(test.name);
  return seen == explored_.end() ||
         std::all_of(seen->second.begin(), seen->second.end(), [](const auto& explored) {
           return explored.value("exhaustive", false);
         });
}

// -- The end ---------------------------------------------------------------------------------

StageResult TestSummary::result(double seconds) const {
  const std::lock_guard lock(mutex_);
  StageResult result;
  result.stage = stage_;
  result.seconds = seconds;
  result.verdict = Verdict::passed;
  for (const Test& test : tests_) {
    const auto found = checks_.find(test.name);
    const bool reported = found != checks_.end();
    result.checks.push_back(reported ? found->second
                                     : Check{test.name, Verdict::not_run, 0});
    result.verdict = worse(result.verdict, result.checks.back().verdict);
  }
  for (const auto& finding : findings_) {
    result.verdict = worse(result.verdict, finding.verdict);
  }
  result.findings = told();
  result.notes = notes();
  return result;
}

// The controls' first, then in the order of the tests; a step that is still to be written is
// said once.
std::vector<Finding> TestSummary::told() const {
  std::vector<Finding> findings = findings_;
  const auto place = [&](const Finding& finding) {
    if (finding.of_control) return std::ptrdiff_t{-1};
    return std::find_if(tests_.begin(), tests_.end(),
                        [&](const Test& test) { return test.name == finding.test; }) -
           tests_.begin();
  };
  std::stable_sort(findings.begin(), findings.end(),
                   [&](const Finding& left, const Finding& right) {
                     return place(left) < place(right);
                   });
  std::set<std::string> said;
  std::erase_if(findings, [&](const Finding& finding) {
    return finding.verdict == Verdict::not_started && !said.insert(finding.what).second;
  });
  return findings;
}

std::vector<std::string> TestSummary::notes() const {
  std::vector<std::string> notes = notes_;
  if (left_to_earlier_stages_ > 0) {
    notes.push_back(fmt::format("{} not run again: in an earlier stage {} never ended",
                                left_to_earlier_stages_ == 1
                                    ? "1 test"
                                    : fmt::format("{} tests", left_to_earlier_stages_),
                                left_to_earlier_stages_ == 1 ? "it" : "they"));
  }
  if (stage_ == Stage::interleave) note_exploration(notes);
  return notes;
}

void TestSummary::note_exploration(std::vector<std::string>& notes) const {
  std::uint64_t schedules = 0;
  int explorations = 0;
  int whole = 0;
  for (const auto& [test, all] : explored_) {
    for (const auto& explored : all) {
      ++explorations;
      schedules += explored.value("schedules", std::uint64_t{0});
      if (explored.value("exhaustive", false)) ++whole;
    }
  }
  if (explorations == 0) return;
  notes.push_back(fmt::format("{} schedule{}", schedules, schedules == 1 ? "" : "s"));
  if (whole > 0) {
    notes.push_back(
        fmt::format("every behaviour checked in {} of {}", whole, explorations));
  }
  if (first_look_only_) {
    notes.emplace_back("a first look; the whole search follows once it holds");
  }
}

}  // namespace course::grader
