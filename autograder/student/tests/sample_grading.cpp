#include "sample_grading.hpp"

#include "losing_records.hpp"
#include "student/graded_page.hpp"

namespace course::student {
namespace {

using grader::Finding;
using grader::Promise;
using grader::StageResult;
using grader::Verdict;

Exercise exercise(const char* id, const char* name, const char* title) {
  Exercise made;
  made.id = id;
  made.name = name;
  made.title = title;
  made.file = made.solution = page::losing_source();
  made.otherwise = "It locks once for both, where a lock for each is right as well.";
  return made;
}

StageResult stage(Stage which, Verdict verdict) {
  StageResult made;
  made.stage = which;
  made.verdict = verdict;
  made.seconds = 1.25;
  return made;
}

Finding deadlock() {
  Finding finding;
  finding.test = "Loses.Deadlock";
  finding.concept_name = "deadlock";
  finding.what = std::string("every thread waits: ") + hostile[0];
  finding.detail = std::string("worker 1 holds left\n") + hostile[1] + hostile[2];
  finding.brief = finding.detail;
  finding.file = page::losing_source();
  finding.line = 22;
  finding.token = "Loses.Deadlock@1@weak@pct3@1.1@00000000";
  return finding;
}

std::vector<Promise> promises(Verdict verdict) {
  using Kind = Promise::Kind;
  return {
      {Kind::step, 1, "what is pushed comes out, in its order", Verdict::passed, 45},
      {Kind::step, 2, "two transfers that cross both end, in each schedule", verdict, 40},
      {Kind::gate, 0, "Transfers", Verdict::inconclusive, 15}};
}

}  // namespace

SampleGrading::SampleGrading() {
  course.root = page::losing_source().parent_path();
  course.exercises = {exercise("1.1", "crossing", "Transfers that cross"),
                      exercise("1.2", "counter", "A counter without contention"),
                      exercise("2.1", "a_queue_with_a_long_name",
                               "A title of some length, as most of them have")};
  course.concepts["deadlock"] = {"Each of some threads holds what another one waits for.",
                                 "lessons/02-shared-state/README.md#deadlock", ""};
  StageResult explored = stage(Stage::interleave, Verdict::failed);
  explored.findings = {deadlock()};
  StageResult gate = stage(Stage::gate, Verdict::inconclusive);
  gate.notes = {std::string("Transfers: too noisy to tell ") + hostile[1]};
  StageResult unwritten = stage(Stage::unit, Verdict::not_started);
  unwritten.findings.emplace_back();
  unwritten.findings.front().verdict = Verdict::not_started;
  unwritten.findings.front().what = "step 2 is still to be written";
  const StageResult built = stage(Stage::build, Verdict::passed);
  results = {{{&course.exercises[0], "student"},
              {built, explored, stage(Stage::tsan, Verdict::not_run), gate},
              promises(Verdict::failed)},
             {{&course.exercises[1], "student"}, {built}, promises(Verdict::passed)},
             {{&course.exercises[2], "student"},
              {built, unwritten},
              promises(Verdict::not_started)}};
  schedules.resize(results.size());
}

std::string SampleGrading::page() const {
  return graded_page(course, results, schedules,
                     {"A machine, 2 cores, a compiler", "2026-11-28",
                      "autograder/course grade", "Seed 42"});
}

std::string SampleGrading::page_of(std::size_t exercise) const {
  return graded_page(course, {results[exercise]}, {schedules[exercise]},
                     {"A machine, 2 cores, a compiler", "2026-11-28",
                      "autograder/course grade 1.1", "Seed 42"});
}

}  // namespace course::student
