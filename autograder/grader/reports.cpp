#include "grader/reports.hpp"

#include <fmt/format.h>

#include "grader/what_next.hpp"
#include "reading/readable.hpp"

namespace course::grader {
namespace {

using nlohmann::json;
using reading::readable;  // student output may hold any bytes; JSON text may not

json json_of(const Finding& finding, const Subject& subject, const Course& course) {
  json out{{"verdict", name_of(finding.verdict)}, {"what", readable(finding.what)}};
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) out[key] = readable(value);
  };
  add("test", finding.test);
  add("concept", finding.concept_name);
  if (const auto known = course.concepts.find(finding.concept_name);
      known != course.concepts.end()) {
    add("lesson", known->second.lesson);
  }
  add("detail", finding.detail);
  add("brief", finding.brief);
  add("file", finding.file);
  if (finding.line > 0) out["line"] = finding.line;
  add("again",
      finding.token.empty() ? finding.again : replay_command(subject, finding.token));
  add("report", finding.report.string());
  return out;
}

json json_of(const StageResult& stage, const Subject& subject, const Course& course) {
  json notes = json::array();
  for (const auto& warning : stage.warnings)
    notes.push_back(readable(warning_line(warning)));
  for (const auto& note : stage.notes) notes.push_back(readable(note));
  json out{{"stage", name_of(stage.stage)}, {"verdict", name_of(stage.verdict)},
           {"seconds", stage.seconds},      {"notes", std::move(notes)},
           {"checks", json::array()},       {"findings", json::array()}};
  for (const auto& check : stage.checks) {
    out["checks"].push_back({{"name", check.name},
                             {"verdict", name_of(check.verdict)},
                             {"seconds", check.seconds}});
  }
  for (const auto& finding : stage.findings)
    out["findings"].push_back(json_of(finding, subject, course));
  return out;
}

json json_of(const Promise& promise) {
  json out{{"kind", name_of(promise.kind)},       {"title", promise.title},
           {"verdict", name_of(promise.verdict)}, {"measured", promise.measured()},
           {"points", promise.points()},          {"of", promise.of}};
  if (promise.kind == Promise::Kind::step) out["number"] = promise.number;
  return out;
}

void add(const Points& points, json& out) {
  out["points"] = points.earned;
  out["of"] = points.of;
  out["not_measured"] = points.not_measured;
}

json json_of(const ExerciseResult& result, const Course& course) {
  const Exercise& exercise = *result.subject.exercise;
  json out{{"id", exercise.id},
           {"name", exercise.name},
           {"title", exercise.title},
           {"lesson", exercise.lesson},
           {"variant", result.subject.variant},
           {"verdict", name_of(result.verdict())},
           {"promises", json::array()},
           {"stages", json::array()}};
  add(points_of(result.promises), out);
  for (const auto& promise : result.promises) out["promises"].push_back(json_of(promise));
  for (const auto& stage : result.stages)
    out["stages"].push_back(json_of(stage, result.subject, course));
  return out;
}

// For XML text and attributes. Control characters, which have no place in XML 1.0 at all, are
// written out.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char letter : reading::harmless(text)) {
    if (letter == '&') {
      out += "&amp;";
    } else if (letter == '<') {
      out += "&lt;";
    } else if (letter == '>') {
      out += "&gt;";
    } else if (letter == '"') {
      out += "&quot;";
    } else {
      out += letter;
    }
  }
  return out;
}

// <failure> for what the student can fix, <error> for what is up to a machine or a person.
std::string junit_of(const Finding& finding) {
  const char* element = finding.verdict == Verdict::failed ? "failure" : "error";
  std::string place =
      finding.line > 0 ? fmt::format("{}:{}\n", finding.file, finding.line) : "";
  return fmt::format("      <{0} message=\"{1}\" type=\"{2}\">{3}</{0}>\n", element,
                     escaped(finding.what), escaped(finding.concept_name),
                     escaped(place + finding.detail));
}

std::string junit_of(const StageResult& stage, const std::string& exercise) {
  std::string out =
      fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\">\n",
                  escaped(exercise), name_of(stage.stage), stage.seconds);
  const bool skipped = stage.verdict == Verdict::not_run ||
                       stage.verdict == Verdict::not_started ||
                       stage.verdict == Verdict::inconclusive;
  if (skipped) {
    out += fmt::format("      <skipped message=\"{}\"/>\n", name_of(stage.verdict));
  } else {
    for (const auto& finding : stage.findings) out += junit_of(finding);
  }
  return out + "    </testcase>\n";
}

std::string property(const std::string& name, const std::string& value) {
  return fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", escaped(name),
                     escaped(value));
}

std::string junit_of(const std::vector<Promise>& promises) {
  const Points points = points_of(promises);
  std::string out = "    <properties>\n";
  out += property("points", std::to_string(points.earned));
  out += property("of", std::to_string(points.of));
  out += property("not measured", std::to_string(points.not_measured));
  for (const auto& promise : promises) {
    out +=
        property(heading_of(promise) + ": " + promise.title,
                 promise.measured() ? fmt::format("{}/{}", promise.points(), promise.of)
                                    : "not measured");
  }
  return out + "    </properties>\n";
}

std::string junit_of(const ExerciseResult& result) {
  const auto count = [&](auto matches) {
    return std::count_if(
        result.stages.begin(), result.stages.end(),
        [&](const StageResult& stage) { return matches(stage.verdict); });
  };
  std::string out = fmt::format(
      "  <testsuite name=\"{} {}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" "
      "skipped=\"{}\">\n",
      result.subject.exercise->id, result.subject.exercise->name, result.stages.size(),
      count([](Verdict verdict) { return verdict == Verdict::failed; }),
      count([](Verdict verdict) {
        return verdict == Verdict::environment || verdict == Verdict::tampered;
      }),
      count([](Verdict verdict) {
        return verdict == Verdict::not_run || verdict == Verdict::not_started ||
               verdict == Verdict::inconclusive;
      }));
  out += junit_of(result.promises);
  for (const auto& stage : result.stages)
    out += junit_of(stage, result.subject.exercise->name);
  return out + "  </testsuite>\n";
}

}  // namespace

json json_of(const Course& course, const std::vector<ExerciseResult>& results,
             std::uint64_t seed) {
  json out{{"verdict", name_of(verdict_of(results))},
           {"seed", seed},
           {"exercises", json::array()}};
  Points points;
  for (const auto& result : results) {
    points += points_of(result.promises);
    out["exercises"].push_back(json_of(result, course));
  }
  add(points, out);
  return out;
}

std::string junit_of(const std::vector<ExerciseResult>& results) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const auto& result : results) out += junit_of(result);
  return out + "</testsuites>\n";
}

Verdict verdict_of(const std::vector<ExerciseResult>& results) {
  Verdict all = results.empty() ? Verdict::not_run : Verdict::passed;
  for (const auto& result : results) all = worse(all, result.verdict());
  return all;
}

}  // namespace course::grader
