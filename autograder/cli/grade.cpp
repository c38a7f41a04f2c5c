#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <random>

#include "catalogue/files.hpp"
#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "experiments/machine_words.hpp"
#include "grader/gcc_lines.hpp"
#include "grader/grades.hpp"
#include "grader/grading.hpp"
#include "grader/reports.hpp"
#include "grader/terminal.hpp"
#include "student/graded_page.hpp"

namespace course::cli {
namespace {

using namespace course::grader;

// For people; or for editors, with what people read on standard error.
enum class Format { text, gcc };

struct GradeOptions {
  std::vector<std::string> ids;  // "5", "5.1", "spsc_ring"; empty: everything started
  bool answers = false;          // grade solutions/ instead of exercises/
  Destination json;
  Destination junit;
  Destination html;
  Format format = Format::text;
  std::optional<std::uint64_t> seed;  // of the unit stage; drawn when absent
};

// Everything started, or everything there is to answer.
std::vector<const Exercise*> chosen(const Course& course, const GradeOptions& options) {
  std::vector<const Exercise*> all = course.select(options.ids);
  if (!options.ids.empty() || options.answers) return all;
  std::erase_if(all, [](const Exercise* exercise) { return !is_started(*exercise); });
  return all;
}

void write_report(const Destination& destination, const std::string& text) {
  if (!destination) return;
  if (*destination == "-") {
    fmt::print("{}\n", text);
  } else {
    write_to(*destination, text + "\n");
  }
}

int status_for(Verdict verdict) {
  if (passes(verdict)) return all_passed;
  return verdict == Verdict::environment ? environment_error : something_failed;
}

std::vector<ExerciseResult> grade_all(const std::vector<const Exercise*>& exercises,
                                      const std::string& variant, Workshop& workshop,
                                      Terminal& terminal) {
  std::vector<ExerciseResult> results;
  for (const Exercise* exercise : exercises) {
    const Subject subject{exercise, variant};
    terminal.begin(subject);
    results.push_back(grader::grade(
        subject, workshop,
        [&](const Subject&, const StageResult& stage) { terminal.stage(stage); }));
    terminal.end(results.back());
    remember(workshop.course, results.back());
  }
  return results;
}

// "autograder/course grade --answers 1.1"
std::string command_of(const GradeOptions& options) {
  std::string command = "autograder/course grade";
  if (options.answers) command += " --answers";
  for (const std::string& id : options.ids) command += " " + id;
  return command;
}

void write_reports(const GradeOptions& options, const Workshop& workshop,
                   const std::vector<ExerciseResult>& results) {
  write_report(options.json, json_of(workshop.course, results, workshop.seed).dump(2));
  write_report(options.junit, junit_of(results));
  if (!options.html) return;
  const page::Origin origin{
      experiments::machine_words(workshop.trees.tree(preset_of(Stage::unit))),
      experiments::today(), command_of(options), fmt::format("Seed {}", workshop.seed)};
  write_report(
      options.html,
      student::graded_page(
          workshop.course, results,
          student::schedules_of(workshop.course, workshop.trees, results), origin));
}

int grade_chosen(const Common& common, const GradeOptions& options) {
  const Course course = load_course(common.root);
  const auto exercises = chosen(course, options);
  // With a report on standard output, people read standard error.
  const bool piped = options.json == "-" || options.junit == "-" || options.html == "-" ||
                     options.format == Format::gcc;
  std::FILE* stream = piped ? stderr : stdout;
  Terminal terminal(stream, coloured(common.colour, stream), course);
  if (exercises.empty()) {
    terminal.say("Nothing is started yet.");
    terminal.say("next: autograder/course shows where to begin");
    return something_failed;
  }
  const std::uint64_t seed = options.seed.value_or(std::random_device{}());
  Workshop workshop(course, Trees(common.root, common.compiler), seed);
  const auto results =
      grade_all(exercises, options.answers ? "solution" : "student", workshop, terminal);
  if (options.format == Format::gcc) {
    for (const ExerciseResult& result : results) fmt::print("{}", gcc_lines(result));
    std::fflush(stdout);
  }
  write_reports(options, workshop, results);
  terminal.next(results);
  return status_for(verdict_of(results));
}

int grade(const Common& common, const GradeOptions& options) {
  try {
    return grade_chosen(common, options);
  } catch (const UnknownId& error) {
    fmt::print(stderr, "course: {}\n", error.what());
    return usage_error;
  }
}

}  // namespace

void add_grade(const CommandLine& line) {
  static GradeOptions options;
  auto* command = line.app.add_subcommand("grade", "Grade exercises");
  command->add_option("ID", options.ids,
                      "A lesson, 5, or an exercise, 5.1; none: all begun");
  command->add_flag("--answers", options.answers, "Grade the solutions");
  add_json_option(*command, options.json);
  command->add_option("--junit", options.junit, "Write JUnit XML to FILE")
      ->type_name("FILE");
  command->add_option("--html", options.html, "Write a page to look at to FILE")
      ->type_name("FILE");
  const std::map<std::string, Format> formats{{"text", Format::text},
                                              {"gcc", Format::gcc}};
  command
      ->add_option("--format", options.format,
                   "text; or gcc: FILE:LINE:COLUMN: error: …, for editors")
      ->transform(CLI::CheckedTransformer(formats))
      ->type_name("FORMAT");
  command->add_option("--seed", options.seed, "Repeat the unit tests of a seed");
  command->callback([=] { line.action = [=] { return grade(line.common, options); }; });
}

}  // namespace course::cli
