#include "interleave/report/report.hpp"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <utility>

#include "interleave/report/explanation.hpp"
#include "interleave/report/mistake.hpp"
#include "interleave/report/naming.hpp"
#include "interleave/report/picture.hpp"
#include "interleave/report/states.hpp"
#include "interleave/report/values.hpp"
#include "interleave/report/wording.hpp"
#include "interleave/results.hpp"
#include "interleave/trace/counted.hpp"

namespace interleave {
namespace {

// What a terminal of 80 columns has room for, indented, beside the rest of a verdict.
constexpr std::size_t kBriefWidth = 74;
constexpr std::size_t kBriefRows = 6;

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

// The step after which every schedule fails; kNoStep if none or unknown. Not an access to plain
// memory that nobody speaks of: it tells no more than the step after it.
std::uint32_t inflection_of(const Trace& trace, const Inflection& inflection,
                            const std::vector<std::uint32_t>& spoken_of) {
  if (!inflection.known || inflection.decisions == 0) return kNoStep;
  std::uint32_t first = kNoStep;
  for (const Step& step : trace.steps) {
    if (step.decisions < inflection.decisions) continue;
    if (!is_plain(step.operation.kind) ||
        std::binary_search(spoken_of.begin(), spoken_of.end(), step.number)) {
      return step.number;
    }
    if (first == kNoStep) first = step.number;
  }
  return first;
}

// No more than was seen: that all continuations fail, or so many.
std::string no_way_out(const Inflection& inflection) {
  const std::string count = with_commas(inflection.schedules);
  if (!inflection.all)
    return "none of the " + count + " schedules that were run succeeds";
  return inflection.schedules == 1
             ? "there is only one way to continue, and it fails"
             : "every schedule fails: all " + count + " ways to continue were run";
}

std::string record(const Finding& finding, const Report& report, std::string_view kind,
                   const std::string& message, const std::string& more = {}) {
  char milliseconds[32];
  std::snprintf(milliseconds, sizeof milliseconds, "%.3f", finding.milliseconds);
  std::string json = R"({"record":"explored","test":)" + json_string(finding.test);
  const auto add = [&](const char* key, const std::string& value) {
    json += ",\"" + std::string(key) + "\":" + value;
  };
  add("kind", json_string(kind));
  add("concept", json_string(report.concept_name));
  add("message", json_string(message));
  add("schedules", std::to_string(finding.schedule));
  add("exhaustive", finding.exhaustive ? "true" : "false");
  if (finding.few) add("few", "true");
  add("milliseconds", milliseconds);
  add("coverage", json_string(finding.coverage));
  add("token", json_string(finding.token));
  add("picture", json_string(report.picture));
  add("brief", json_string(report.brief));
  add("file", json_string(report.file));
  add("line", std::to_string(report.line));
  return json + more + "}";
}

// {"step":4,"schedules":12,"all":true}; step 0 is the start. Empty if it is not known, or
// no step of the picture stands for it.
std::string inflection_record(const Inflection& inflection, std::size_t step) {
  if (!inflection.known || (step == 0 && inflection.decisions != 0)) return {};
  return R"(,"inflection":{"step":)" + std::to_string(step) +
         ",\"schedules\":" + std::to_string(inflection.schedules) +
         ",\"all\":" + (inflection.all ? "true" : "false") + "}";
}

std::string json_array(const std::vector<std::string>& texts) {
  std::string json = "[";
  for (const std::string& text : texts)
    json += (json.size() == 1 ? "" : ",") + json_string(text);
  return json + "]";
}

// {"thread":1,"holds":["left_"],"waits":"waits for right_, held by leader","ended":false}
std::string state_record(ThreadId thread, const ThreadState& state,
                         const Naming& naming) {
  std::vector<std::string> holds;
  for (const Address lock : state.holds) holds.push_back(naming.object(lock));
  return R"({"thread":)" + std::to_string(thread) + ",\"holds\":" + json_array(holds) +
         ",\"waits\":" + json_string(state.waits) +
         ",\"ended\":" + (state.ended ? "true" : "false") + "}";
}

// What a row shows, with its place and the number of its last step (see INTERLEAVE_STOP_AT).
std::string row_record(const Picture::Row& row, const Picture& picture,
                       const Trace& trace, const Naming& naming) {
  const Step& step = *row.first;
  std::string json =
      "{\"text\":" + json_string(row.text) + ",\"at\":" + std::to_string(row.step) +
      ",\"file\":" + json_string(row.place.file) +
      ",\"line\":" + std::to_string(row.place.line) +
      ",\"source\":" + json_string(naming.text(row.place)) +
      ",\"thread\":" + std::to_string(step.operation.thread) +
      ",\"words\":" + json_string(row.words) + ",\"note\":" + json_string(row.note);
  const std::string order =
      what_would_order(step, picture.step_name(step.number),
                       picture.step_name(step.newest_store), trace, naming);
  if (row.left_out > 0) json += ",\"left_out\":" + std::to_string(row.left_out);
  if (!order.empty()) {
    json += ",\"reads_from\":" + std::to_string(picture.number_of(step.reads_from)) +
            ",\"newest\":" + std::to_string(picture.number_of(step.newest_store)) +
            ",\"order\":" + json_string(order);
  }
  return json;
}

// The rows, each with the threads whose state it changed.
std::string rows_record(const Picture& picture, const Trace& trace,
                        const Naming& naming) {
  const std::vector<Picture::Row> rows = picture.rows();
  ThreadStates states(trace, naming);
  std::string json = "[";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    json += (i == 0 ? "" : ",") + row_record(rows[i], picture, trace, naming);
    json += ",\"states\":[";
    const bool last = i + 1 == rows.size();
    const std::vector<ThreadId> changed =
        states.advance_to(last ? kNoStep : rows[i + 1].first->number);
    for (const ThreadId thread : changed) {
      if (json.back() == '}') json += ",";
      json += state_record(thread, states.of(thread), naming);
    }
    json += "]}";
  }
  return json + "]";
}

// What stepping through a replay needs: the threads, the rows, and what stands above and below
// them.
std::string replay_record(const Finding& finding, const Report& report,
                          const Picture& picture, const Trace& trace,
                          const Naming& naming, const std::string& way_back,
                          const std::string& below) {
  std::vector<std::string> threads;
  for (ThreadId thread = 0; thread < trace.threads.size(); ++thread)
    threads.push_back(naming.thread(thread));
  std::string json =
      R"(,"same_steps":)" + std::string(finding.same_steps ? "true" : "false");
  json += ",\"headline\":" + json_string(report.headline);
  json += ",\"columns\":" + json_string(picture.header());
  json += ",\"way_back\":" + json_string(way_back);
  json += ",\"below\":" + json_string(below);
  json += ",\"threads\":" + json_array(threads);
  return json + ",\"steps\":" + rows_record(picture, trace, naming);
}

// What a person looks at first: the mistake if it is known, else the last step of who failed.
Mistake to_look_at(const Mistake& mistake, const Failure& failure, const Trace& trace,
                   const Naming& naming) {
  if (mistake.step != nullptr || !failure.file.empty()) return mistake;
  const Step* last = nullptr;
  for (const Step& step : trace.steps) {
    const bool is_it =
        failure.step != kNoStep
            ? step.number == failure.step
            : failure.thread == kNoThread || step.operation.thread == failure.thread;
    if (is_it && !naming.place(step.stack).file.empty()) last = &step;
  }
  if (last == nullptr) return {};
  return {last, naming.place(last->stack), false};
}

}  // namespace

Report make_report(const Failure& failure, const Trace& trace, const Finding& finding) {
  std::vector<std::uint32_t> spoken_of = steps_spoken_of(failure, trace);
  const std::uint32_t inflection = inflection_of(trace, finding.inflection, spoken_of);
  if (inflection != kNoStep) {
    spoken_of.insert(std::lower_bound(spoken_of.begin(), spoken_of.end(), inflection),
                     inflection);
  }
  const std::vector<std::uint32_t> values =
      accesses_of_checked(failure, trace, symbols());
  std::vector<std::uint32_t> named;
  std::merge(spoken_of.begin(), spoken_of.end(), values.begin(), values.end(),
             std::back_inserter(named));
  const Naming naming(trace, symbols(), source(), named);
  const Picture picture(trace, naming, spoken_of, inflection, values);
  const Mistake known = mistake_of(failure, trace, naming);
  const Explanation explanation =
      explain(failure, trace, naming, known,
              [&](std::uint32_t step) { return picture.step_name(step); });

  Report report;
  report.concept_name = explanation.concept_name;
  report.headline = explanation.headline;
  if (failure.endless) {
    report.headline += " without an end";  // the picture has not all of its steps
  } else {
    report.headline += " after " + counted(picture.steps(), "step");
  }
  if (!finding.replayed) {
    report.headline += ", in schedule " + with_commas(finding.schedule) + " of " +
                       with_commas(finding.schedules);
  }
  report.picture = report.headline;
  if (!report.concept_name.empty())
    report.picture += "     concept: " + report.concept_name;
  const std::size_t lost_at = picture.number_of(inflection);
  std::string way_back;
  if (lost_at != 0) {
    way_back = "      --- from here on " + no_way_out(finding.inflection) + " ---\n";
  }
  std::string below;
  for (const std::string& line : explanation.lines) below += "  " + line + "\n";
  if (finding.inflection.known && finding.inflection.decisions == 0) {
    below += "  Whatever the schedule: " + no_way_out(finding.inflection) + ".\n";
  }
  if (!finding.undone.empty()) below += "  " + finding.undone + "\n";
  // What cannot be run is one call; the steps before it are no story.
  const bool tells = failure.kind != FailureKind::kUnsupported;
  report.picture += "\n\n" + (tells ? picture.text(way_back) + "\n" : "") + below;
  if (!finding.replay_command.empty()) {
    report.picture += "\n  again, step by step:\n    " + finding.replay_command + "\n";
  }
  const Mistake mistake = to_look_at(known, failure, trace, naming);
  report.file = mistake.step == nullptr ? failure.file : mistake.place.file;
  report.line = mistake.step == nullptr ? failure.line : mistake.place.line;
  const bool all_fail = lost_at != 0 && finding.inflection.all;
  report.brief = picture.brief(
      mistake, kBriefWidth, kBriefRows,
      all_fail ? "     --- from here on every schedule fails ---\n" : way_back);
  const std::string message =
      explanation.lines.empty() ? explanation.headline : explanation.lines.front();
  std::string more = inflection_record(finding.inflection, lost_at);
  if (finding.replayed) {
    more += replay_record(finding, report, picture, trace, naming, way_back, below);
  }
  report.json = record(finding, report, name_of(failure.kind), message, more);
  return report;
}

std::string clean_record(const Finding& finding) {
  const std::string same =
      R"(,"same_steps":)" + std::string(finding.same_steps ? "true" : "false");
  return record(finding, Report{}, name_of(FailureKind::kNone), "",
                finding.replayed ? same : "");
}

Frame frame_in_program(const std::vector<ProgramCounter>& stack) {
  const Trace none;
  return Naming(none, symbols(), source(), {}).place(stack);
}

bool is_library_wait(const std::vector<ProgramCounter>& stack) {
  for (const ProgramCounter pc : stack) {
    for (const Frame& frame : symbols().frames(pc)) {
      if (frame.file.ends_with("/bits/atomic_wait.h") ||
          frame.file.ends_with("/bits/atomic_timed_wait.h")) {
        return true;
      }
      if (!frame.foreign()) return false;
    }
  }
  return false;
}

std::string describe(const Step& step, const Trace& trace) {
  const Naming naming(trace, symbols(), source(), {step.number});
  std::string line =
      naming.thread(step.operation.thread) + "   " + in_words(step, naming);
  const std::string location = Naming::location(naming.place(step.stack));
  return location.empty() ? line : line + "   " + location;
}

}  // namespace interleave
