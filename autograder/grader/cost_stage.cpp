#include "grader/cost_stage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "grader/test_judge.hpp"
#include "grader/test_run.hpp"

namespace course::grader {
namespace {

using nlohmann::json;

// What one operation costs too much, and whether its wait is right all the same.
struct Judged {
  Finding finding;
  bool sleeps = false;
};

TestCommand command_for(const CostLimit& limit, const Subject& subject,
                        Workshop& workshop) {
  TestCommand command;
  command.program = program_of(workshop.trees, Stage::cost, subject);
  command.test = limit.test;
  command.stage = Stage::cost;
  command.seed = workshop.seed;
  command.seconds = 6 * subject.exercise->test_seconds;
  return command;
}

// What `operation` cost, of each kind the most where several threads measured it, and where;
// nullopt if none did.
std::optional<json> cost_of(const std::string& operation, const TestRun& run) {
  std::optional<json> most;
  for (const auto& cost : run.costs) {
    if (cost.value("operation", "") != operation) continue;
    if (!most) most = json{{"counts", json::object()}, {"places", json::object()}};
    const json counts = cost.value("counts", json::object());
    const json places = cost.value("places", json::object());
    json& known = (*most)["counts"];
    for (const auto& [what, count] : counts.items()) {
      if (known.contains(what) && known[what] >= count) continue;
      known[what] = count;
      if (places.contains(what)) (*most)["places"][what] = places[what];
    }
  }
  return most;
}

// As in the other stages: what fails while its own step is still to be written fails because of
// the steps before. None if that step is written.
std::optional<Finding> excuse(const CostLimit& limit, const Subject& subject,
                              const Workshop& workshop) {
  for (const Test& test : subject.exercise->tests()) {
    if (test.name != limit.test) continue;
    return TestJudge(Stage::cost, subject, workshop.trees).unwritten(test);
  }
  return std::nullopt;
}

// Not finite where it was not reported, and so within no limit.
double counted(const json& counts, const std::string& what) {
  return counts.value(what, std::nan(""));
}

Finding missing(const CostLimit& limit, const std::string& what) {
  Finding finding;
  finding.test = limit.test;
  finding.concept_name = limit.concept_name;
  finding.what = what;
  return finding;
}

// "1 wake-up", "2 locks"
std::string counted_words(double count, const std::string& what) {
  if (!std::isfinite(count)) return "an unknown number of " + what;
  const bool one = count == 1 && what.ends_with('s');
  return fmt::format("{:g} {}", count, one ? what.substr(0, what.size() - 1) : what);
}

// The limits that `counts` breaks: "1 wake-up; at most 0 allowed", or "3 locks and 1 wake-up;
// at most 2 locks and 0 wake-ups allowed"; empty if none.
std::string over_limit(const CostLimit& limit, const json& counts) {
  std::string taken;
  std::string allowed;
  std::string only;  // the first limit, without what it counts
  int broken = 0;
  for (const auto& [what, most] : limit.limits) {
    const double count = counted(counts, what);
    if (count <= most) continue;
    const char* separator = broken == 0 ? "" : " and ";
    taken += separator + counted_words(count, what);
    allowed += separator + counted_words(most, what);
    if (broken++ == 0) only = fmt::format("{:g}", most);
  }
  if (broken == 0) return "";
  return fmt::format("{}; at most {} allowed", taken, broken == 1 ? only : allowed);
}

// Whether the operation waits without looking again and again, and takes too much all the same.
bool sleeps_as_asked(const CostLimit& limit, const json& counts) {
  const auto woken = limit.limits.find("wake-ups");
  const bool woken_too_often =
      woken != limit.limits.end() && counted(counts, "wake-ups") > woken->second;
  return counted(counts, "spins") == 0 && counted(counts, "wake-ups") > 0 &&
         !woken_too_often;
}

// Where the first kind of work over its limit was done last.
void find_place(const CostLimit& limit, const json& cost, Finding& finding) {
  for (const auto& [what, most] : limit.limits) {
    if (counted(cost.value("counts", json::object()), what) <= most) continue;
    const json place = cost.value("places", json::object()).value(what, json::object());
    finding.file = place.value("file", "");
    finding.line = place.value("line", 0);
    if (finding.line > 0) return;
  }
}

std::string all_counts(const CostLimit& limit, const json& counts) {
  std::string words = limit.operation + ":";
  const char* separator = " ";
  for (const auto& [what, most] : limit.limits) {
    words += separator + counted_words(counted(counts, what), what);
    separator = ", ";
  }
  return words;
}

std::optional<Judged> judge(const CostLimit& limit, const TestCommand& command,
                            const TestRun& run, StageResult& result) {
  if (auto finding = finding_of(command, run)) {
    if (finding->concept_name.empty()) finding->concept_name = limit.concept_name;
    return Judged{std::move(*finding)};
  }
  const std::optional<json> cost = cost_of(limit.operation, run);
  if (!cost) {
    return Judged{missing(limit, "reported no cost for `" + limit.operation + "`")};
  }
  const json& counts = (*cost)["counts"];
  result.notes.push_back(all_counts(limit, counts));
  const std::string over = over_limit(limit, counts);
  if (over.empty()) return std::nullopt;
  Finding finding = missing(limit, fmt::format("one {} takes {}", limit.operation, over));
  const bool sleeps = sleeps_as_asked(limit, counts);
  if (sleeps) {
    if (finding.concept_name == "busy waiting") finding.concept_name.clear();
    finding.what = "it sleeps, as it should, but " + finding.what;
  }
  find_place(limit, *cost, finding);
  finding.detail = limit.reason;
  finding.again = again(command);
  return Judged{std::move(finding), sleeps};
}

}  // namespace

StageResult run_cost_stage(const Subject& subject, Workshop& workshop,
                           const std::vector<std::string>& only) {
  StageResult result;
  result.stage = Stage::cost;
  result.verdict = Verdict::passed;
  std::ptrdiff_t sleeping = 0;
  for (const CostLimit& limit : subject.exercise->costs) {
    if (!is_chosen(limit.test, only)) continue;
    const TestCommand command = command_for(limit, subject, workshop);
    const TestRun run = run_test(command, workshop.stop);
    result.seconds += run.process.seconds;
    auto judged = judge(limit, command, run, result);
    if (judged && judged->finding.verdict == Verdict::failed) {
      if (auto excused = excuse(limit, subject, workshop)) judged = Judged{*excused};
    }
    const Verdict verdict = judged ? judged->finding.verdict : Verdict::passed;
    result.checks.push_back({limit.operation, verdict, run.process.seconds});
    result.verdict = worse(result.verdict, verdict);
    if (!judged) continue;
    // First what says that the wait itself is right.
    const auto at =
        judged->sleeps ? result.findings.begin() + sleeping++ : result.findings.end();
    result.findings.insert(at, std::move(judged->finding));
  }
  return result;
}

}  // namespace course::grader
