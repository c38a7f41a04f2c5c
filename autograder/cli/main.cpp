// `course`: reads the command line and calls one command.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>
#include <map>

#include "cli/commands.hpp"
#include "grader/stage.hpp"

namespace {

using namespace course::cli;
namespace fs = std::filesystem;

// The folder that holds lessons/ and exercises/, looked for from here upwards; else the
// folder this program was built from.
fs::path find_root(const fs::path& built_from) {
  std::error_code unreadable;  // then it is not there
  for (fs::path folder = fs::current_path();; folder = folder.parent_path()) {
    if (fs::exists(folder / "autograder" / "course", unreadable) &&
        fs::exists(folder / "lessons", unreadable)) {
      return folder;
    }
    if (folder == folder.root_path()) return built_from;
  }
}

// The command that was asked for, run after parsing.
using Action = std::function<int()>;

void add_report_options(CLI::App& command, Destination& json) {
  command.add_option("--json", json, "Write JSON to FILE, or to standard output for -")
      ->type_name("FILE");
}

void add_student_commands(CLI::App& app, const Common& common, Action& action) {
  static MapOptions map_options;
  auto* map_command =
      app.add_subcommand("map", "Every exercise, its state, what to do next");
  map_command->add_flag("--json", map_options.json, "Print JSON");
  map_command->callback([&] { action = [&] { return map(common, map_options); }; });

  static GradeOptions grade_options;
  auto* grade_command = app.add_subcommand("grade", "Grade exercises");
  grade_command->add_option(
      "ID", grade_options.ids,
      "A lesson (5), an exercise (5.1 or spsc_ring); everything started "
      "if none is named");
  grade_command->add_flag("--answers", grade_options.answers, "Grade the solutions");
  add_report_options(*grade_command, grade_options.json);
  grade_command->add_option("--junit", grade_options.junit, "Write JUnit XML to FILE")
      ->type_name("FILE");
  grade_command->add_option("--seed", grade_options.seed,
                            "Repeat the unit tests of a seed");
  grade_command->callback([&] { action = [&] { return grade(common, grade_options); }; });

  static WatchOptions watch_options;
  auto* watch_command = app.add_subcommand("watch", "Grade again at each save");
  watch_command->add_option("ID", watch_options.id,
                            "The exercise; the one saved last if none");
  watch_command->callback([&] { action = [&] { return watch(common, watch_options); }; });

  static std::string id;
  const auto add_for_id = [&](const char* name, const char* about,
                              int (*command)(const Common&, const std::string&)) {
    auto* added = app.add_subcommand(name, about);
    added->add_option("ID", id, "The exercise")->required();
    added->callback(
        [&, command] { action = [&, command] { return command(common, id); }; });
  };
  add_for_id("hint", "The next hint of an exercise, one at a time", hint);
  add_for_id("reset", "Put the starter back; your file is kept beside it", reset);
  add_for_id("diff", "The solution beside your file", diff);

  static ReplayOptions replay_options;
  auto* replay_command = app.add_subcommand("replay", "Replay a failing interleaving");
  replay_command->add_option("TOKEN", replay_options.token, "As the grader printed it")
      ->required();
  replay_command
      ->add_option("--of", replay_options.variant,
                   "Authors: the solution's or a mutant's token")
      ->type_name("VARIANT");
  auto* gdb = replay_command->add_flag("--gdb", replay_options.gdb,
                                       "Stop at its last step in the debugger");
  replay_command->add_option("--step", replay_options.step, "Stop at this step instead")
      ->needs(gdb)
      ->check(CLI::PositiveNumber);
  replay_command
      ->add_option("GDB", replay_options.gdb_arguments,
                   "After --: more for gdb, such as -batch -ex bt")
      ->needs(gdb);
  replay_command->callback(
      [&] { action = [&] { return replay(common, replay_options); }; });

  static DoctorOptions doctor_options;
  auto* doctor_command = app.add_subcommand("doctor", "Check this machine");
  doctor_command->add_flag("--json", doctor_options.json, "Print JSON");
  doctor_command->callback(
      [&] { action = [&] { return doctor(common, doctor_options); }; });
}

void add_class_commands(CLI::App& app, const Common& common, Action& action) {
  static DemoOptions demo_options;
  auto* demo_command = app.add_subcommand("demo", "Run a lesson's experiments");
  demo_command->add_option("LESSON", demo_options.lesson, "Its number or its name")
      ->required();
  demo_command->add_option("CLAIM", demo_options.claims, "Only these claims, such as P3");
  auto* list =
      demo_command->add_flag("--list", demo_options.list, "Only list the experiments");
  demo_command->add_flag("--json", demo_options.json, "List as JSON")->needs(list);
  demo_command->add_flag("--quick", demo_options.quick,
                         "Prove that it runs; no real numbers");
  demo_command->add_flag("--record", demo_options.record,
                         "Write what the lesson's text quotes");
  demo_command->callback([&] { action = [&] { return demo(common, demo_options); }; });

  static BenchOptions bench_options;
  auto* bench_command =
      app.add_subcommand("bench", "Run benchmarks, print and plot them");
  bench_command->add_option(
      "LESSON", bench_options.lesson,
      "Its number or its name; or `interleave`, the explorer itself");
  add_report_options(*bench_command, bench_options.json);
  bench_command->add_option("--html", bench_options.html, "Write the page to FILE")
      ->type_name("FILE");
  bench_command->add_flag("--quick", bench_options.quick,
                          "Prove that it runs; no real numbers");
  bench_command->add_flag("--record", bench_options.record,
                          "Write what the explorer's README quotes (interleave only)");
  bench_command->callback([&] { action = [&] { return bench(common, bench_options); }; });
}

std::vector<std::string> stage_names() {
  std::vector<std::string> names;
  for (const auto stage : course::grader::all_stages) {
    names.emplace_back(course::grader::name_of(stage));
  }
  return names;
}

void add_author_commands(CLI::App& app, const Common& common, Action& action) {
  auto* author = app.add_subcommand("author", "Write and check the course");
  author->require_subcommand(1);
  static AuthorOptions options;
  const auto add = [&](const char* name, const char* about,
                       int (*command)(const Common&, const AuthorOptions&)) {
    auto* added = author->add_subcommand(name, about);
    added->callback(
        [&, command] { action = [&, command] { return command(common, options); }; });
    return added;
  };
  for (auto* generator :
       {add("starters", "Write the starters from the solutions", author_starters),
        add("weave", "Write code and output into the texts", author_weave)}) {
    generator->add_flag("--check", options.check,
                        "Change nothing; fail if anything would change");
  }
  auto* verify = add("verify", "Prove starters, solutions and mutants", author_verify);
  verify->add_option("ID", options.ids, "Only these exercises or lessons");
  verify->add_option("--stage", options.stage, "Only this stage, such as interleave")
      ->check(CLI::IsMember(stage_names()))
      ->type_name("NAME");
  auto* no_mutants =
      verify->add_flag("--no-mutants", options.no_mutants, "Only starters and solutions");
  verify
      ->add_flag("--every-stage", options.every_stage,
                 "Prove a mutant in each stage that its head names, not in the first; "
                 "in trees with COURSE_ONLY_NAMED_TESTS=OFF")
      ->excludes(no_mutants);
  verify->add_flag("--json", options.json, "Print JSON");

  static NewOptions new_options;
  auto* create = author->add_subcommand("new", "Start a lesson or an exercise");
  create
      ->add_option("LESSON", new_options.lesson,
                   "NN-name, or an existing lesson's number")
      ->required();
  create->add_option("EXERCISE", new_options.exercise, "The exercise's name");
  create->callback([&] { action = [&] { return author_new(common, new_options); }; });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("A course on concurrency models that grades itself.", "course");
  app.set_help_all_flag("--help-all", "Help on every command");
  app.fallthrough();

  Common common;
  common.root = find_root(COURSE_SOURCE_FOLDER);
  if (const char* compiler = std::getenv("COURSE_COMPILER")) common.compiler = compiler;
  const std::map<std::string, Colour> colours{
      {"auto", Colour::automatic}, {"always", Colour::always}, {"never", Colour::never}};
  app.add_option("--color,--colour", common.colour, "auto, always or never")
      ->transform(CLI::CheckedTransformer(colours, CLI::ignore_case))
      ->type_name("WHEN");
  app.add_option("--compiler", common.compiler,
                 "The compiler to grade with, such as clang++")
      ->type_name("NAME");

  Action action = [&] { return map(common, {}); };
  add_student_commands(app, common, action);
  add_class_commands(app, common, action);
  add_author_commands(app, common, action);
  app.require_subcommand(0, 1);

  try {
    app.parse(argc, argv);
    return action();
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? all_passed : usage_error;
  } catch (const std::exception& error) {
    std::cerr << "course: " << error.what() << '\n';
    return environment_error;
  }
}
