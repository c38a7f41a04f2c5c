#include "grader/controls.hpp"

#include <vector>

#include "reading/sanitizer_report.hpp"

namespace course::grader {
namespace {

struct Control {
  const char* test;
  const char* must;  // what a program that can be trusted does
  bool (*answered)(const TestRun&);
};

bool printed(const TestRun& run, const char* report) {
  return run.process.end == process::End::exited && run.process.status != 0 &&
         run.process.output.find(report) != std::string::npos;
}

constexpr Control must_fail{
    "CourseControl.MustFail", "report a failed assertion", [](const TestRun& run) {
      return run.result == "failed" && run.ended && run.tests_reported == 1 &&
             run.process.exited_with(1);
    }};

constexpr Control must_race{
    "CourseControl.RaceMustBeReported", "report a data race", [](const TestRun& run) {
      return run.process.exited_with(66) && printed(run, "ThreadSanitizer: data race");
    }};

constexpr Control must_leak{"CourseControl.LeakMustBeReported", "report a leak",
                            [](const TestRun& run) {
                              return printed(run, "LeakSanitizer: detected memory leaks");
                            }};

constexpr Control must_find{"CourseControl.ScheduleMustBeFound",
                            "report a losing schedule", [](const TestRun& run) {
                              return run.explored.size() == 1 &&
                                     run.explored[0].value("kind", "clean") != "clean";
                            }};

std::vector<Control> controls_of(Stage stage) {
  switch (stage) {
    case Stage::tsan:
      return {must_fail, must_race};
    case Stage::asan:
      return {must_fail, must_leak};
    case Stage::interleave:
      return {must_fail, must_find};
    default:
      return {must_fail};
  }
}

}  // namespace

std::optional<Finding> lost_control(const TestCommand& like, std::stop_token stop) {
  for (const Control& control : controls_of(like.stage)) {
    TestCommand command = like;
    command.test = control.test;
    command.control = true;
    const TestRun run = run_test(command, stop);
    if (control.answered(run) || run.process.end == process::End::stopped) continue;
    Finding finding;
    finding.of_control = true;
    if (const std::string death = reading::start_up_death(run.process.output);
        !death.empty()) {
      finding.verdict = Verdict::environment;
      finding.what = death;
      return finding;
    }
    finding.verdict = Verdict::tampered;
    finding.test = control.test;
    finding.what = std::string("a control did not answer: this program should ") +
                   control.must + ", and did not (" + words_for(run.process) + ")";
    finding.detail =
        "Something in it silences its tests: an exit while it starts, a filter, a macro "
        "over GoogleTest's, a suppressed report. Nothing else that it reports can be "
        "believed.";
    finding.again = again(command);
    return finding;
  }
  return std::nullopt;
}

}  // namespace course::grader
