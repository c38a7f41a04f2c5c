#include "interleave/report/report.hpp"

#include <cstdio>

#include "interleave/report/explanation.hpp"
#include "interleave/report/naming.hpp"
#include "interleave/report/picture.hpp"
#include "interleave/report/wording.hpp"
#include "interleave/results.hpp"

namespace interleave {
namespace {

// Read once for each process; a report is only made when something failed.
Symbols& symbols() {
  static Symbols only;
  return only;
}

SourceText& source() {
  static SourceText only;
  return only;
}

std::string with_commas(std::uint64_t number) {
  std::string out = std::to_string(number);
  for (std::size_t at = out.size(); at > 3;) {
    at -= 3;
    out.insert(at, ",");
  }
  return out;
}

std::string record(const Finding& finding, const Report& report, std::string_view kind,
                   const std::string& message) {
  char milliseconds[32];
  std::snprintf(milliseconds, sizeof milliseconds, "%.3f", finding.milliseconds);
  std::string json = R"({"record":"explored","test":)" + json_string(finding.test);
  const auto add = [&](const char* key, const std::string& value) {
    json += ",\"" + std::string(key) + "\":" + value;
  };
  add("kind", json_string(kind));
  add("concept", json_string(report.concept_name));
  add("message", json_string(message));
  add("schedules", std::to_string(finding.schedules));
  add("milliseconds", milliseconds);
  add("coverage", json_string(finding.coverage));
  add("token", json_string(finding.token));
  add("picture", json_string(report.picture));
  add("file", json_string(report.file));
  add("line", std::to_string(report.line));
  return json + "}";
}

// Where in the program it happened: the check, else the last step of who failed.
void locate(const Failure& failure, const Trace& trace, const Naming& naming,
            Report& report) {
  report.file = failure.file;
  report.line = failure.line;
  if (!report.file.empty()) return;
  const Step* last = nullptr;
  for (const Step& step : trace.steps) {
    const bool is_it =
        failure.step != kNoStep
            ? step.number == failure.step
            : failure.thread == kNoThread || step.operation.thread == failure.thread;
    if (is_it && !naming.place(step.stack).file.empty()) last = &step;
  }
  if (last == nullptr) return;
  const Frame frame = naming.place(last->stack);
  report.file = frame.file;
  report.line = frame.line;
}

}  // namespace

Report make_report(const Failure& failure, const Trace& trace, const Finding& finding) {
  const std::vector<std::uint32_t> spoken_of = steps_spoken_of(failure, trace);
  const Naming naming(trace, symbols(), source(), spoken_of);
  const Picture picture(trace, naming, spoken_of);
  const Explanation explanation =
      explain(failure, trace, naming,
              [&](std::uint32_t step) { return picture.step_name(step); });

  Report report;
  report.concept_name = explanation.concept_name;
  report.headline = explanation.headline + " after " + std::to_string(picture.steps()) +
                    " steps, in schedule " + with_commas(finding.schedule) + " of " +
                    with_commas(finding.schedules);
  report.picture = report.headline;
  if (!report.concept_name.empty())
    report.picture += "     concept: " + report.concept_name;
  report.picture += "\n\n" + picture.text() + "\n";
  for (const std::string& line : explanation.lines) report.picture += "  " + line + "\n";
  if (!finding.replay_command.empty()) {
    report.picture += "\n  again, step by step:   " + finding.replay_command + "\n";
  }
  locate(failure, trace, naming, report);
  const std::string message =
      explanation.lines.empty() ? explanation.headline : explanation.lines.front();
  report.json = record(finding, report, name_of(failure.kind), message);
  return report;
}

std::string clean_record(const Finding& finding) {
  return record(finding, Report{}, name_of(FailureKind::kNone), "");
}

std::string describe(const Step& step, const Trace& trace) {
  const Naming naming(trace, symbols(), source(), {step.number});
  std::string line =
      naming.thread(step.operation.thread) + "   " + in_words(step, naming);
  const std::string location = Naming::location(naming.place(step.stack));
  return location.empty() ? line : line + "   " + location;
}

}  // namespace interleave
