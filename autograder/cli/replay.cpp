#include "student/replay.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <optional>
#include <vector>

#include "catalogue/claims.hpp"
#include "catalogue/files.hpp"
#include "cli/browser.hpp"
#include "cli/commands.hpp"
#include "cli/keys.hpp"
#include "cli/terminal.hpp"
#include "experiments/demo.hpp"
#include "experiments/program.hpp"
#include "grader/build.hpp"
#include "grader/grades.hpp"
#include "grader/what_next.hpp"
#include "grader/wrapping.hpp"
#include "machine/usable_cores.hpp"
#include "page/viewer.hpp"
#include "process/process.hpp"
#include "reading/readable.hpp"
#include "student/columns.hpp"
#include "student/debugger.hpp"

namespace course::cli {
namespace {

using namespace grader;
using nlohmann::json;
using student::Replayed;
using student::ReplayedStep;

namespace fs = std::filesystem;

constexpr std::string_view default_page = "auto";  // --html without a file

struct ReplayOptions {
  std::string token;  // or the ID of an exercise, whose last grading showed one
  std::string id;     // of the exercise that this token is the last of; empty: another
  std::string variant = "student";  // or "solution", or a mutant's name
  std::string html;                 // the page's file; empty: no page is written
  bool open = false;                // the page, in a browser
  bool gdb = false;
  std::size_t step = 0;                    // with gdb, as the picture counts; 0: the last
  std::vector<std::string> gdb_arguments;  // with gdb
};

// What was replayed: a test of an exercise, or an experiment of a demo.
struct Schedule {
  Replayed replayed;
  std::string title;
  std::string again;    // "autograder/course replay TOKEN"
  std::string shorter;  // the same, by the exercise; most terminals would break a token
  std::string search;   // what looks for others that fail
  std::string page;     // the name of its page
  std::function<process::Command(std::uint32_t at)> stopping;  // for a debugger
};

// --- Which program, and what it does --------------------------------------------------

// Prints why not, if not.
bool build_to_replay(const Trees& trees, const Subject& subject) {
  if (::isatty(STDERR_FILENO) != 0)
    fmt::print(stderr, "Building {} …\n", subject.target());
  const auto preset = preset_of(Stage::interleave);
  const BuildResult built =
      grader::build(trees, preset, {subject.target()}, subject.file(trees.tree(preset)),
                    machine::usable_cores());
  if (built.built) return true;
  const reading::Diagnostic& error = built.error.first;
  fmt::print(stderr, "course: {} does not build\n{}:{}: {}\n{}", subject.target(),
             error.file, error.line, reading::harmless(error.message),
             reading::harmless(error.excerpt));
  return false;
}

// --- Step by step ---------------------------------------------------------------------

void print_step(const ReplayedStep& step) {
  fmt::print("{}", reading::harmless(step.text));
  if (!student::says_something(step.source)) return;
  const std::size_t column = step.text.find_first_not_of(" 0123456789");
  fmt::print("{:{}}  {}\n", "", column == std::string::npos ? 0 : column,
             reading::harmless(step.source));
}

void print_in(const std::optional<student::Columns>& columns, const std::string& text) {
  fmt::print("{}", reading::harmless(columns ? columns->lines(text) : text));
}

// Into a terminal, in its width; else into lines as long as they are.
void print_steps(const Replayed& replayed) {
  std::optional<student::Columns> columns;
  if (const std::size_t width = terminal_width(); width > 0)
    columns.emplace(replayed.record, width);
  std::optional<Keys> keys;
  if (Keys::available()) keys.emplace();
  fmt::print("{}", reading::harmless(columns ? columns->header() : replayed.columns));
  std::size_t number = 0;
  for (const ReplayedStep& step : replayed.steps) {
    if (keys) {
      const std::string prompt =
          fmt::format("step {} of {}   Enter: next   a: all   q: quit", number + 1,
                      replayed.steps.size());
      switch (keys->ask(prompt)) {
        case Keys::Answer::next:
          break;
        case Keys::Answer::all:
          keys.reset();
          break;
        case Keys::Answer::quit:
          return;
      }
    }
    ++number;
    if (step.left_out > 0) fmt::print("  ...   {} steps left out\n", step.left_out);
    if (columns) {
      fmt::print("{}", reading::harmless(columns->row(number)));
    } else {
      print_step(step);
    }
    if (number == replayed.inflection) print_in(columns, replayed.way_back);
  }
  fmt::print("\n");
  print_in(columns, replayed.below);
}

// For a terminal in lines that it does not break.
void print_sentence(const std::string& text) {
  fmt::print("{}\n", terminal_width() > 0 ? grader::wrapped(text, 0) : text + "\n");
}

int print_replay(const Schedule& schedule) {
  print_sentence(reading::harmless(schedule.replayed.headline));
  print_steps(schedule.replayed);
  const std::string command =
      schedule.shorter.empty() ? "the same command with" : schedule.shorter;
  fmt::print("\n  in the browser:    {0} --open\n  in the debugger:   {0} --gdb\n",
             command);
  return something_failed;
}

// --- As a page ------------------------------------------------------------------------

// Writes the page, and opens it if that is asked for.
int write_page(const Schedule& schedule, const fs::path& root,
               const ReplayOptions& options) {
  const fs::path page = options.html.empty() || options.html == default_page
                            ? root / ".course" / ("replay-" + schedule.page + ".html")
                            : fs::absolute(options.html);
  const json view =
      page::view_of(schedule.replayed.record, root, {schedule.title, schedule.again});
  write_file(page, page::viewer_page(view));
  fmt::print("{}\n\npage: {}\n", schedule.replayed.headline, page.string());
  if (options.open && !open_in_browser(page.string())) {
    fmt::print(stderr, "course: no program here opens a page; open {} in a browser\n",
               page.string());
    return environment_error;
  }
  return something_failed;
}

// --- In the debugger ------------------------------------------------------------------

int cannot_debug(const std::string& why) {
  fmt::print(stderr, "course: {}\n", why);
  return environment_error;
}

int debug(const Schedule& schedule, const ReplayOptions& options) {
  if (process::find_program("gdb").empty()) {
    return cannot_debug("gdb is not installed: sudo apt-get install gdb");
  }
  const std::vector<ReplayedStep>& steps = schedule.replayed.steps;
  const std::size_t last = steps.size();
  if (options.step > last) {
    fmt::print(stderr, "course: there is no step {}; the last is {}\n", options.step,
               last);
    return usage_error;
  }
  const ReplayedStep& step = steps[(options.step == 0 ? last : options.step) - 1];
  process::Command look = schedule.stopping(step.at);
  const process::Command program = look;
  look.words = student::words_to_look(program);
  look.without.emplace_back("DEBUGINFOD_URLS");
  const process::Outcome looked = run(look);
  if (looked.output.find("interleave_at_step ()") == std::string::npos) {
    return cannot_debug("gdb could not stop the program at this step. It said:\n" +
                        looked.output);
  }
  const auto frame = student::frame_at(looked.output, step.file, step.line);
  if (!frame) {
    fmt::print(stderr, "course: this step has no line of yours; gdb stops inside it\n");
  }
  std::fflush(stdout);
  const int error = student::become(
      student::words_to_stop(program, frame.value_or(0), options.gdb_arguments), program);
  return cannot_debug(fmt::format("gdb could not be started: {}", std::strerror(error)));
}

// --- All of it ------------------------------------------------------------------------

int wrong_token(const std::string& why) {
  fmt::print(stderr, "course: {}\n", why);
  return usage_error;
}

bool has_variant(const Exercise& exercise, const std::string& variant) {
  if (variant == "student" || variant == "solution") return true;
  for (const auto& mutant : exercise.mutants) {
    if (mutant.name == variant) return true;
  }
  return false;
}

Schedule schedule_of(const Trees& trees, const Subject& subject,
                     const ReplayOptions& options) {
  const TestCommand command = student::command_to_replay(trees, subject, options.token);
  const Exercise& exercise = *subject.exercise;
  Schedule schedule;
  schedule.replayed = student::read_replay(command, run_test(command));
  schedule.title = exercise.id + " " + exercise.name + "   " + command.test;
  schedule.again = replay_command(subject, options.token);
  if (!options.id.empty()) schedule.shorter = replay_command(subject, options.id);
  schedule.search = "autograder/course grade " + exercise.id;
  schedule.page = exercise.name;
  schedule.stopping = [command](std::uint32_t at) {
    TestCommand stopping = command;
    stopping.stop_at = at;
    return process_of(stopping);
  };
  return schedule;
}

// Throws BuildFailed.
Schedule schedule_of(const Trees& trees, const Lesson& lesson, const std::string& claim,
                     const std::string& token) {
  const fs::path program =
      experiments::build_program(trees, "interleave", lesson, lesson.demo());
  process::Command command = experiments::experiment_command(program, lesson, claim);
  Schedule schedule;
  schedule.replayed =
      student::replayed_in(experiments::replayed_record(command, token),
                           "this experiment has no such schedule any more");
  schedule.title = lesson.heading() + "   " + claim;
  schedule.again = "autograder/course replay " + token;
  schedule.search =
      fmt::format("autograder/course demo {} {}", lesson.short_number(), claim);
  schedule.page = fmt::format("{}-{}", lesson.number, claim);
  command.environment["INTERLEAVE_REPLAY"] = token;
  schedule.stopping = [command](std::uint32_t at) {
    process::Command stopping = command;
    stopping.environment["INTERLEAVE_STOP_AT"] = std::to_string(at);
    return stopping;
  };
  return schedule;
}

int show(const Schedule& schedule, const fs::path& root, const ReplayOptions& options) {
  const Replayed& replayed = schedule.replayed;
  if (replayed.end == Replayed::End::unknown) {
    fmt::print(stderr, "course: nothing could be replayed: {}\n", replayed.trouble);
    return replayed.environment ? environment_error : something_failed;
  }
  const std::string remark = student::remark_on(replayed, schedule.search);
  if (!remark.empty()) print_sentence(remark);
  if (replayed.end == Replayed::End::succeeds) return all_passed;
  if (options.gdb) return debug(schedule, options);
  if (!options.html.empty() || options.open) return write_page(schedule, root, options);
  return print_replay(schedule);
}

// Of a demo.
int replay_experiment(const Common& common, const experiments::Called& called,
                      const ReplayOptions& options) {
  try {
    const Lesson lesson = find_lesson(common.root, called.lesson);
    const auto known = experiments_in(lesson);
    if (std::find(known.begin(), known.end(), called.claim) == known.end()) {
      return wrong_token(fmt::format("lesson {} has no experiment {}; it has {}",
                                     called.lesson, called.claim,
                                     fmt::join(known, ", ")));
    }
    const Trees trees(common.root, common.compiler);
    return show(schedule_of(trees, lesson, called.claim, options.token), common.root,
                options);
  } catch (const UnknownId& error) {
    return wrong_token(error.what());
  } catch (const experiments::BuildFailed& failure) {
    fmt::print(stderr, "{}\ncourse: the demo could not be built\n", failure.what());
    return environment_error;
  }
}

// The exercise that `id` names. Throws UnknownId with a sentence where it names none.
const Exercise& exercise_named(const Course& course, const std::string& id) {
  const std::vector<const Exercise*> named = course.select({id});
  if (named.size() == 1) return *named.front();
  throw UnknownId("it is a lesson; name one of its exercises");
}

// The token of the schedule that the last grading of the exercise showed. Throws as above.
std::string token_shown(const Course& course, const std::string& id,
                        const std::string& variant) {
  const std::string token = remembered_token(course, exercise_named(course, id), variant);
  if (!token.empty()) return token;
  throw UnknownId(fmt::format("its last grading showed no schedule; {} may",
                              grade_command({&exercise_named(course, id), variant})));
}

int replay(const Common& common, ReplayOptions options) {
  const Course course = load_course(common.root);
  std::string test = student::test_of(options.token);
  if (test.empty()) {
    try {
      options.token = token_shown(course, options.token, options.variant);
    } catch (const UnknownId& error) {
      return wrong_token(
          fmt::format("{} is not a token as the grader prints it, nor an "
                      "exercise that showed one: {}",
                      options.token, error.what()));
    }
    test = student::test_of(options.token);
  }
  if (const auto called = experiments::experiment_called(test))
    return replay_experiment(common, *called, options);
  const Exercise* exercise = student::exercise_with(course, test);
  if (exercise == nullptr) return wrong_token("no exercise has the test " + test);
  if (!has_variant(*exercise, options.variant)) {
    return wrong_token(exercise->name + " has no variant " + options.variant);
  }
  if (remembered_token(course, *exercise, options.variant) == options.token)
    options.id = exercise->id;
  const Trees trees(common.root, common.compiler);
  const Subject subject{exercise, options.variant};
  if (!build_to_replay(trees, subject)) return something_failed;
  return show(schedule_of(trees, subject, options), trees.root(), options);
}

}  // namespace

void add_replay(const CommandLine& line) {
  static ReplayOptions options;
  auto* command = line.app.add_subcommand("replay", "Replay a failing interleaving");
  command
      ->add_option("TOKEN", options.token,
                   "As printed; or 5.1: what its last grading showed")
      ->required();
  command
      ->add_option("--of", options.variant, "Authors: the solution's or a mutant's token")
      ->type_name("VARIANT");
  auto* html = command->add_flag(fmt::format("--html{{{}}}", default_page), options.html,
                                 "Write it as one page to .course/, or to --html=FILE");
  auto* open = command->add_flag("--open", options.open, "Open that page in the browser");
  auto* gdb =
      command->add_flag("--gdb", options.gdb, "Stop at its last step in the debugger");
  gdb->excludes(html)->excludes(open);
  command->add_option("--step", options.step, "Stop at this step instead")
      ->needs(gdb)
      ->check(CLI::PositiveNumber);
  command
      ->add_option("GDB", options.gdb_arguments,
                   "After --: more for gdb, such as -batch -ex bt")
      ->needs(gdb);
  command->callback([=] { line.action = [=] { return replay(line.common, options); }; });
}

}  // namespace course::cli
