// `course`: reads the command line and calls one command.
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <map>
#include <new>
#include <string>
#include <system_error>
#include <vector>

#include "catalogue/nearest.hpp"
#include "cli/commands.hpp"
#include "machine/limits.hpp"
#include "process/keeper.hpp"

namespace {

using namespace course::cli;
namespace fs = std::filesystem;

// The folder that holds lessons/ and exercises/, looked for from here upwards; else the
// folder this program was built from.
fs::path find_root(const fs::path& working_folder) {
  std::error_code unreadable;  // then it is not there
  for (fs::path folder = working_folder;; folder = folder.parent_path()) {
    if (fs::exists(folder / "autograder" / "course", unreadable) &&
        fs::exists(folder / "lessons", unreadable)) {
      return folder;
    }
    if (folder == folder.root_path()) return COURSE_SOURCE_FOLDER;
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

// What lifts the machine's fault; empty where nothing is known to.
std::string remedy_for(const std::error_code& error) {
  if (error == std::errc::no_space_on_device || error.value() == EDQUOT) {
    return "The disk is full: free some space, then run this again.";
  }
  if (error == std::errc::file_too_large)
    return course::machine::limit_words(RLIMIT_FSIZE);
  if (error == std::errc::too_many_files_open) {
    return course::machine::limit_words(RLIMIT_NOFILE);
  }
  if (error == std::errc::resource_unavailable_try_again) {
    const std::string few = course::machine::few_processes_words();
    return few.empty() ? course::machine::memory_limit_words() : few;
  }
  if (error == std::errc::not_enough_memory) return course::machine::memory_limit_words();
  if (error == std::errc::permission_denied) {
    return "If another user ran the course here, this fixes it, in the course's folder:\n"
           "  sudo rm -rf .build .course";
  }
  return "";
}

int trouble(const std::string& what, const std::string& remedy = "") {
  std::cerr << "course: " << what << '\n';
  if (!remedy.empty()) std::cerr << remedy << '\n';
  return environment_error;
}

// The command's status, unless what it printed could not be written, for the `cause` that an
// exception named, else for that which shows now.
int with_everything_written(int status, int cause) {
  errno = 0;
  std::cout.flush();
  const bool flushed = std::fflush(stdout) == 0;
  if (cause == 0) cause = errno;
  if (flushed && std::cout && std::ferror(stdout) == 0) return status;
  return trouble(std::string("cannot write to standard output: ") +
                 std::strerror(cause == 0 ? EIO : cause));
}

// The folder that the course is run in; the course's own where that was deleted.
fs::path working_folder() {
  std::error_code gone;
  const fs::path folder = fs::current_path(gone);
  if (!gone) return folder;
  fs::current_path(COURSE_SOURCE_FOLDER);
  std::cerr << "course: the folder you are in was deleted; " << COURSE_SOURCE_FOLDER
            << " is used instead\n";
  return fs::current_path();
}

int run(int argc, char** argv) {
  CLI::App app("A course on concurrency models that grades itself.", "course");
  app.set_help_all_flag("--help-all", "Help on every command");
  app.fallthrough();

  Common common;
  common.root = find_root(working_folder());
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
  }
}

// Every exception ends here, in a sentence and a status.
int run_guarded(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);  // a closed pipe is reported, like a full disk
  ::signal(SIGXFSZ, SIG_IGN);
  int status = environment_error;
  int cause = 0;
  try {
    status = run(argc, argv);
  } catch (const std::system_error& error) {
    if (std::ferror(stdout) == 0) {
      trouble(error.what(), remedy_for(error.code()));
    } else {
      cause = error.code().value();
    }
  } catch (const std::bad_alloc&) {
    trouble("out of memory", course::machine::memory_limit_words());
  } catch (const std::exception& error) {
    trouble(error.what());
  }
  return with_everything_written(status, cause);
}

}  // namespace

int main(int argc, char** argv) {
  course::process::open_standard_descriptors();
  return course::process::keep([&] { return run_guarded(argc, argv); },
                               environment_error);
}
