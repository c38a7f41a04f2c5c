// The commands of `course`: each in a file of its own name, which adds it to the command line.
//
// Every command prints to standard output, prints errors to standard error, and returns the
// exit status of the program. Commands run on the main thread and block until done; Ctrl-C
// ends all that they started (see process/keeper.hpp).
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace course::cli {

// Exit statuses, the same for every command.
inline constexpr int all_passed = 0;
inline constexpr int something_failed = 1;
inline constexpr int usage_error = 2;
inline constexpr int environment_error = 3;

enum class Colour { automatic, always, never };

// What holds for every command.
struct Common {
  std::filesystem::path root;  // the course's folder, absolute
  Colour colour = Colour::automatic;
  // The compiler whose trees are used: empty for the default one (.build/PRESET), else its
  // name, such as clang++ (.build/clang++/PRESET).
  std::string compiler;
};

// What was asked for, run once the whole command line was read.
using Action = std::function<int()>;

// Where a command adds itself: its name, its options, and the action that it is.
struct CommandLine {
  CLI::App& app;
  const Common& common;
  Action& action;
};

// Students'.
void add_map(const CommandLine& line);  // also what is done where no command is named
void add_grade(const CommandLine& line);
void add_watch(const CommandLine& line);
void add_hint(const CommandLine& line);
void add_reset(const CommandLine& line);
void add_diff(const CommandLine& line);
void add_replay(const CommandLine& line);
void add_doctor(const CommandLine& line);

// Instructors'.
void add_demo(const CommandLine& line);
void add_bench(const CommandLine& line);
void add_present(const CommandLine& line);

// Authors'.
void add_author_new(const CommandLine& line);
void add_author_starters(const CommandLine& line);
void add_author_weave(const CommandLine& line);
void add_author_verify(const CommandLine& line);
void add_author_mutate(const CommandLine& line);

// Where a report goes: a file's path, or "-" for standard output.
using Destination = std::optional<std::string>;

// The option --json of a command that grades or measures.
void add_json_option(CLI::App& command, Destination& json);

}  // namespace course::cli
