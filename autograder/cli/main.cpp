// `course`: reads the command line and calls one command.
#include <algorithm>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "catalogue/nearest.hpp"
#include "cli/commands.hpp"

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

void add_author_commands(const CommandLine& line) {
  auto* author = line.app.add_subcommand("author", "Write and check the course");
  author->require_subcommand(1);
  const CommandLine below{*author, line.common, line.action};
  for (auto* add : {add_author_starters, add_author_weave, add_author_verify,
                    add_author_mutate, add_author_new}) {
    add(below);
  }
}

// "Did you mean `course grade`?", if the first word is near a command's name.
std::string suggestion(const CLI::App& app, int argc, char** argv) {
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands({}))
    names.push_back(command->get_name());
  const std::string first = argc > 1 ? argv[1] : "";
  const std::string meant = course::nearest(first, names);
  const bool is_command = meant == first;
  return meant.empty() || is_command ? "" : "Did you mean `course " + meant + "`?\n";
}

// `course 5` shows the fifth lesson: it is short for `course map 5`.
std::vector<std::string> words_of(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  const auto first = std::find_if(words.begin(), words.end(), [](const auto& word) {
    return !word.starts_with("-");
  });
  const bool is_number =
      first != words.end() && first->find_first_not_of("0123456789") == std::string::npos;
  if (is_number) words.insert(words.begin(), "map");
  std::reverse(words.begin(), words.end());  // as CLI11 takes them
  return words;
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

  Action action;
  const CommandLine line{app, common, action};
  for (auto* add :
       {add_map, add_grade, add_watch, add_hint, add_reset, add_diff, add_replay,
        add_doctor, add_demo, add_bench, add_present, add_author_commands}) {
    add(line);
  }
  app.require_subcommand(0, 1);

  try {
    app.parse(words_of(argc, argv));
    return action();
  } catch (const CLI::ExtrasError& error) {
    // A word that is no command, such as `gradee`, is an argument too many to CLI11.
    app.exit(error);
    std::cerr << suggestion(app, argc, argv);
    return usage_error;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? all_passed : usage_error;
  } catch (const std::exception& error) {
    std::cerr << "course: " << error.what() << '\n';
    return environment_error;
  }
}
