#include "student/graded_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "catalogue/files.hpp"
#include "grader/cause.hpp"
#include "grader/reports.hpp"
#include "grader/what_next.hpp"
#include "page/assets.hpp"
#include "page/colours.hpp"
#include "page/plot.hpp"
#include "page/viewer.hpp"
#include "reading/readable.hpp"
#include "student/replay.hpp"

namespace course::student {
namespace {

namespace fs = std::filesystem;
using grader::Cause;
using grader::ExerciseResult;
using grader::Finding;
using grader::Promise;
using grader::StageResult;
using grader::Verdict;
using nlohmann::json;

constexpr int lines_around = 3;               // of the source, before and after the line
constexpr std::size_t sentence_bytes = 1500;  // of a flood as much as is read
constexpr std::size_t detail_bytes = 16 << 10;  // the whole of it is in the log

// As text of the page, cut between two letters.
std::string text(std::string_view words, std::size_t most = sentence_bytes) {
  if (words.size() <= most) return page::escaped(reading::harmless(words));
  while (most > 0 && (static_cast<unsigned char>(words[most]) & 0xC0) == 0x80) --most;
  return page::escaped(reading::harmless(words.substr(0, most))) + " …";
}

// The number of a series of the palette.
int colour_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
      return 2;
    case Verdict::failed:
      return 1;
    case Verdict::tampered:
      return 6;
    case Verdict::environment:
    case Verdict::inconclusive:
      return 4;
    case Verdict::not_started:
    case Verdict::not_run:
      return 7;
  }
  return 7;
}

std::string shown_verdict(Verdict verdict) {
  return fmt::format("<span class=\"verdict series-{}\">{}</span>", colour_of(verdict),
                     grader::name_of(verdict));
}

std::string name_of(const ExerciseResult& result) {
  const std::string& variant = result.subject.variant;
  return fmt::format("{} {}{}", result.subject.exercise->id,
                     result.subject.exercise->name,
                     variant == "student" ? "" : ", " + variant);
}

// Below the course's folder; empty for a file that is elsewhere.
fs::path inside(const Course& course, const fs::path& file) {
  const fs::path below =
      file.lexically_normal().lexically_relative(course.root.lexically_normal());
  return below.empty() || *below.begin() == ".." ? fs::path() : below;
}

// --- The finding --------------------------------------------------------------------------------

// A line of source as text of the page: what it has no room for stands under it, further in.
std::string source(std::string_view line) {
  const std::size_t words = std::min(line.find_first_not_of(" \t"), line.size());
  const auto tabs = std::count(line.begin(), line.begin() + std::ptrdiff_t(words), '\t');
  return fmt::format("<code style=\"--indent:{}\">{}</code>",
                     words + 3 * static_cast<std::size_t>(tabs),
                     text(line.substr(words)));
}

// The line to look at first, between those around it.
std::string excerpt(const Course& course, const ExerciseResult& result,
                    const Cause& cause) {
  if (cause.line <= 0) return "";
  const fs::path file = grader::file_to_open(result, cause.file);
  const fs::path below = inside(course, file);
  std::string out =
      fmt::format("<p><code>{}:{}</code></p>\n",
                  text((below.empty() ? file.filename() : below).string()), cause.line);
  if (below.empty() || !fs::is_regular_file(file)) return out;
  const std::vector<std::string> lines = lines_of(read_file(file));
  const int all = static_cast<int>(lines.size());
  if (cause.line > all) return out;
  const int last = std::min(all, cause.line + lines_around);
  out += "<div class=\"excerpt\">\n";
  for (int line = std::max(1, cause.line - lines_around); line <= last; ++line) {
    out += fmt::format("<div{}><b>{}</b>{}</div>\n",
                       line == cause.line ? " class=\"hit\"" : "", line,
                       source(lines[static_cast<std::size_t>(line) - 1]));
  }
  return out + "</div>\n";
}

// The test, where to read about it, the command that shows it again, and where all of it is kept.
std::string links(const Course& course, const ExerciseResult& result,
                  const Cause& cause) {
  const Finding& finding = *cause.finding;
  std::string rows;
  const auto row = [&](const char* name, const std::string& value) {
    rows += fmt::format("<dt>{}</dt><dd><code>{}</code></dd>\n", name, text(value));
  };
  const std::string others =
      cause.others == 0 ? "" : fmt::format(" and {} more", cause.others);
  const bool written = finding.verdict != Verdict::not_started;
  if (written && !finding.test.empty()) row("test", finding.test + others);
  const auto known = course.concepts.find(finding.concept_name);
  if (known != course.concepts.end()) row("read", known->second.lesson);
  if (finding.verdict == Verdict::failed && cause.stage != Stage::build)
    row("again", grader::command_to_see(result.subject, finding));
  const fs::path report = inside(course, finding.report);
  if (!report.empty()) row("all", report.string());
  return rows.empty() ? "" : "<dl>\n" + rows + "</dl>\n";
}

// What was found in more lines than one, where no schedule shows it better.
std::string detail(const Finding& finding) {
  if (trimmed(finding.detail).empty()) return "";
  return fmt::format("<pre class=\"detail\" tabindex=\"0\">{}</pre>\n",
                     text(finding.detail, detail_bytes));
}

std::string found(const Course& course, const ExerciseResult& result, const Cause& cause,
                  const json& schedule) {
  const Finding& finding = *cause.finding;
  const auto known = course.concepts.find(finding.concept_name);
  const std::string means =
      known == course.concepts.end() ? "" : "<p>" + text(known->second.means) + "</p>\n";
  return fmt::format(
             "<div class=\"finding series-{}\">\n<h3>{}</h3>\n"
             "<p class=\"what\">{}</p>\n",
             colour_of(finding.verdict), text(heading_of(cause)), text(finding.what)) +
         means + excerpt(course, result, cause) +
         (schedule.is_null() ? detail(finding) : "") + links(course, result, cause) +
         "</div>\n";
}

// Where graded.js puts the viewer.
std::string place_of(const json& schedule) {
  if (schedule.is_null()) return "";
  return fmt::format(
      "<div class=\"schedule-here\"></div>\n"
      "<script type=\"application/json\">{}</script>\n",
      page::json_in_html(schedule));
}

// --- What to do next ----------------------------------------------------------------------------

std::string next_step(const Course& course, const ExerciseResult& result) {
  const Exercise& exercise = *result.subject.exercise;
  const Verdict verdict = result.verdict();
  if (!grader::passes(verdict)) {
    return fmt::format("<h3>What to do next</h3>\n<p class=\"next\">{}</p>\n",
                       text(grader::what_next(course, {result})));
  }
  const bool has_a_solution_to_read = verdict == Verdict::passed &&
                                      result.subject.variant == "student" &&
                                      !exercise.otherwise.empty();
  if (!has_a_solution_to_read) return "";
  return fmt::format(
      "<h3>In the solution</h3>\n<p>{}</p>\n"
      "<p><code>autograder/course diff {}</code></p>\n",
      text(exercise.otherwise), exercise.id);
}

// --- Steps and stages ---------------------------------------------------------------------------

std::string steps(const std::vector<Promise>& promises) {
  std::string rows;
  for (const Promise& promise : promises) {
    const std::string points =
        promise.measured() ? fmt::format("{}/{}", promise.points(), promise.of) : "–";
    rows += fmt::format(
        "<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td><td>{} {}</td></tr>\n",
        heading_of(promise), points, text(promise.title), shown_verdict(promise.verdict));
  }
  return "<section><h3>Steps</h3>\n<table class=\"steps\">\n" + rows +
         "</table></section>\n";
}

// What is to be known of a stage beside its verdict: what it measured, what the compiler warned
// of, why it could not tell.
std::vector<std::string> remarks(const StageResult& stage) {
  std::vector<std::string> all;
  for (const auto& warning : stage.warnings) all.push_back(grader::warning_line(warning));
  all.insert(all.end(), stage.notes.begin(), stage.notes.end());
  for (const Finding& finding : stage.findings) {
    if (finding.verdict == Verdict::inconclusive)
      all.push_back(finding.test + ": " + finding.what);
  }
  return all;
}

std::string stages(const std::vector<StageResult>& results) {
  std::string rows;
  for (const StageResult& stage : results) {
    const bool ran = stage.verdict != Verdict::not_run;
    std::string notes;
    for (const std::string& remark : remarks(stage))
      notes += "<div class=\"quiet\">" + text(remark) + "</div>";
    rows += fmt::format(
        "<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td><td>{}{}</td></tr>\n",
        name_of(stage.stage), ran ? fmt::format("{:.1f} s", stage.seconds) : "–",
        shown_verdict(stage.verdict), notes);
  }
  return "<section><h3>Stages</h3>\n<table class=\"stages\">\n" + rows +
         "</table></section>\n";
}

// --- All of it ----------------------------------------------------------------------------------

std::string section(const Course& course, const ExerciseResult& result,
                    const json& schedule) {
  const fs::path file = inside(course, result.subject.edited_file());
  const std::optional<Cause> cause = grader::cause_of(result);
  return fmt::format(
             "<section class=\"exercise\" id=\"{}\">\n<h2>{} {}</h2>\n<p>{}</p>\n"
             "<p>{}<br><code class=\"quiet\">{}</code></p>\n",
             result.subject.exercise->id, text(name_of(result)),
             shown_verdict(result.verdict()), text(result.subject.exercise->title),
             words_for(points_of(result.promises)), text(file.string())) +
         (cause ? found(course, result, *cause, schedule) : "") +
         next_step(course, result) + place_of(schedule) + "<div class=\"judged\">\n" +
         steps(result.promises) + stages(result.stages) + "</div>\n</section>\n";
}

// Of several exercises their sum and a list of them; nothing above a single one.
std::string contents(const std::vector<ExerciseResult>& results) {
  if (results.size() < 2) return "";
  grader::Points sum;
  std::string rows;
  for (const ExerciseResult& result : results) {
    const grader::Points points = points_of(result.promises);
    sum += points;
    rows += fmt::format(
        "<li><span><a href=\"#{}\">{}</a> {}</span> <span>{}</span> {}</li>\n",
        result.subject.exercise->id, text(name_of(result)),
        text(result.subject.exercise->title), words_for(points),
        shown_verdict(result.verdict()));
  }
  return fmt::format(
      "<h1>{} exercises: {} {}</h1>\n<nav><ol class=\"contents\">\n{}</ol></nav>\n",
      results.size(), words_for(sum), shown_verdict(verdict_of(results)), rows);
}

std::string title(const std::vector<ExerciseResult>& results) {
  return (results.size() == 1 ? name_of(results.front())
                              : fmt::format("{} exercises", results.size())) +
         ": " + std::string(grader::name_of(verdict_of(results)));
}

// What is next once nothing is left to do here.
std::string after_all(const Course& course, const std::vector<ExerciseResult>& results) {
  if (!grader::passes(verdict_of(results))) return "";
  return fmt::format("<h3>What to do next</h3>\n<p class=\"next\">{}</p>\n",
                     text(grader::what_next(course, results)));
}

json schedule_of(const Course& course, const grader::Trees& trees,
                 const ExerciseResult& result) {
  const std::optional<Cause> cause = grader::cause_of(result);
  if (!cause || cause->finding->token.empty()) return nullptr;
  const grader::TestCommand command =
      command_to_replay(trees, result.subject, cause->finding->token);
  try {
    const Replayed replayed = read_replay(command, run_test(command));
    if (replayed.end != Replayed::End::fails) return nullptr;
    return page::view_of(replayed.record, course.root, {});
  } catch (const json::exception&) {
    return nullptr;  // no record of the explorer's own: the submission wrote it
  }
}

}  // namespace

std::vector<json> schedules_of(const Course& course, const grader::Trees& trees,
                               const std::vector<ExerciseResult>& results) {
  std::vector<json> schedules;
  for (const ExerciseResult& result : results)
    schedules.push_back(schedule_of(course, trees, result));
  return schedules;
}

std::string graded_page(const Course& course, const std::vector<ExerciseResult>& results,
                        const std::vector<json>& schedules, const page::Origin& origin) {
  std::string body = contents(results);
  for (std::size_t at = 0; at < results.size(); ++at)
    body += section(course, results[at], schedules[at]);
  body += after_all(course, results);
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
      "<title>{}</title>\n<style>\n{}{}{}</style>\n</head>\n<body class=\"graded\">\n"
      "<main>\n{}<p class=\"quiet\">{}, <span class=\"date\">{}</span>. {}. "
      "<code>{}</code></p>\n</main>\n"
      "<script>\n{}\n{}</script>\n</body>\n</html>\n",
      text(title(results)), page::colours(), page::viewer_style(), page::graded_css, body,
      text(origin.machine), text(origin.date), text(origin.runs), text(origin.command),
      page::viewer_script(), page::graded_js);
}

}  // namespace course::student
