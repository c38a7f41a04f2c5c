#include "grader/controls.hpp"

namespace course::grader {
namespace {

bool printed(const TestRun& run, const char* report) {
  return run.process.output.find(report) != std::string::npos;
}

bool reported_failure(const TestRun& run) {
  return run.result == "failed" && !run.failures.empty() && run.tests_reported == 1 &&
         run.ended && !run.garbled && !run.disordered && run.process.forged == 0;
}

bool found_schedule(const TestRun& run) {
  return !run.explored.empty() && run.explored.back().value("kind", "clean") != "clean";
}

// What of all that a control breaks did not show; empty if everything did. The exit statuses
// are those in variables_of (test_run.cpp).
std::string silent(Stage stage, const TestRun& run) {
  if (!reported_failure(run)) return "a failed assertion";
  switch (stage) {
    case Stage::tsan:
      return run.process.exited_with(66) && printed(run, "ThreadSanitizer: data race")
                 ? ""
                 : "a data race";
    case Stage::asan:
      return run.process.exited_with(23) &&
                     printed(run, "LeakSanitizer: detected memory leaks")
                 ? ""
                 : "a leak";
    case Stage::interleave:
      return run.process.exited_with(1) && found_schedule(run) ? "" : "a losing schedule";
    default:
      return run.process.exited_with(1) ? "" : "a failed assertion";
  }
}

}  // namespace

TestCommand as_control(TestCommand command) {
  command.control = true;
  return command;
}

bool came_to_its_end(const TestRun& run) {
  return run.process.end == process::End::exited &&
         (run.ended || run.process.status == 0);
}

std::optional<Finding> lost_control(Stage stage, const TestRun& run) {
  const std::string what = silent(stage, run);
  if (what.empty()) return std::nullopt;
  Finding finding;
  finding.of_control = true;
  finding.verdict = Verdict::tampered;
  finding.what = "a control did not answer: this program should report " + what +
                 ", and did not (" + words_for(run.process) + ")";
  finding.detail =
      "Something in it silences its tests: an exit before they end, a filter, a macro "
      "over "
      "GoogleTest's, a suppressed report. Nothing else that it reports can be believed.";
  return finding;
}

}  // namespace course::grader
