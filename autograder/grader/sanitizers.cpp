#include "grader/sanitizers.hpp"

#include <sys/resource.h>

#include "catalogue/files.hpp"
#include "machine/limits.hpp"
#include "process/limits.hpp"
#include "process/process.hpp"
#include "reading/sanitizer_report.hpp"

namespace course::grader {
namespace {

namespace fs = std::filesystem;

const std::vector<KnownProgram> thread_programs{
    {"race", "-fsanitize=thread", "ThreadSanitizer: data race"},
    {"clean", "-fsanitize=thread", ""}};
const std::vector<KnownProgram> address_programs{
    {"leak", "-fsanitize=address", "LeakSanitizer: detected memory leaks"},
    {"overflow", "-fsanitize=address", "AddressSanitizer: heap-buffer-overflow"}};

// What a built program was built from: the compiler and the source.
std::string build_key(const std::string& compiler, const fs::path& source) {
  process::Command version;
  version.words = {compiler, "--version"};
  version.seconds = 10;
  return run(version).output + read_file(source);
}

// Whether `program` was built from what `key` names, and is as it was then.
bool is_current(const fs::path& program, const fs::path& key_file,
                const std::string& key) {
  return is_whole_program(program) && read_own_file(key_file) == key;
}

// The program, built; or an empty path and why not.
std::pair<fs::path, std::string> built(const Trees& trees, const KnownProgram& known) {
  const fs::path source =
      trees.root() / "autograder/grader/self_test" / (known.name + ".cpp");
  const fs::path program = trees.tree("self_test") / known.name;
  fs::path key_file = program;
  key_file += ".key";
  const std::string compiler = trees.compiler_program();
  const std::string key = build_key(compiler, source);
  if (is_current(program, key_file, key)) return {program, ""};
  make_way_for(program);
  const fs::path own = fresh_name_beside(program);  // another grading may build it too
  process::Command compile;
  compile.words = {compiler,   "-g",   "-w", known.flags,
                   "-pthread", source, "-o", own.string()};
  const process::Outcome outcome = run(compile);
  if (!outcome.exited_with(0)) {
    const std::string limit = limit_that_ended(outcome);
    return {{},
            "a program with " + known.flags + " does not build: " +
                (limit.empty()
                     ? reading::first_error(outcome.output, source, fs::current_path())
                           .first.message
                     : limit)};
  }
  fs::rename(own, program);
  write_own_file(key_file, key);
  return {program, ""};
}

process::Outcome run_known(const fs::path& program, bool fixed_addresses) {
  process::Command command;
  command.words = {program.string()};
  command.seconds = 20;
  command.stacks = false;
  command.fixed_addresses = fixed_addresses;
  command.without = {"TSAN_OPTIONS", "ASAN_OPTIONS", "LSAN_OPTIONS", "LD_PRELOAD"};
  return run(command);
}

bool as_expected(const KnownProgram& known, const process::Outcome& outcome) {
  if (known.report.empty()) return outcome.exited_with(0);
  return outcome.end == process::End::exited && outcome.status != 0 &&
         outcome.output.find(known.report) != std::string::npos;
}

std::string trouble_with(const KnownProgram& known, const process::Outcome& outcome) {
  const std::string limit = limit_that_ended(outcome);
  if (!limit.empty()) return limit;
  const std::string death = reading::start_up_death(outcome.output);
  if (!death.empty()) return death;
  // It may also die without a word of what it could not reserve.
  if (machine::is_limited(RLIMIT_AS)) {
    return "a sanitizer cannot reserve its memory: " + machine::limit_words(RLIMIT_AS);
  }
  return "the sanitizer's self-test `" + known.name + "` did not behave (" +
         words_for(outcome) + "): run `autograder/course doctor`";
}

// Tries the programs as they are; builds those that are missing.
SanitizerHealth try_once(const Trees& trees, const std::vector<KnownProgram>& known) {
  SanitizerHealth health{true, false, ""};
  for (const auto& one : known) {
    const auto [program, trouble] = built(trees, one);
    if (program.empty()) return {false, false, trouble};
    process::Outcome outcome = run_known(program, health.fixed_addresses);
    if (!as_expected(one, outcome) && !health.fixed_addresses) {
      const process::Outcome fixed = run_known(program, true);
      if (as_expected(one, fixed)) {
        health.fixed_addresses = true;
        outcome = fixed;
      }
    }
    if (!as_expected(one, outcome)) return {false, false, trouble_with(one, outcome)};
  }
  return health;
}

}  // namespace

// What was built long ago may have been damaged since.
SanitizerHealth try_sanitizer(const Trees& trees,
                              const std::vector<KnownProgram>& known) {
  SanitizerHealth health = try_once(trees, known);
  if (health.works) return health;
  for (const auto& one : known) {
    std::error_code ignored;
    fs::remove_all(trees.tree("self_test") / one.name, ignored);
  }
  return try_once(trees, known);
}

const SanitizerHealth& Sanitizers::health(Stage stage) {
  if (stage == Stage::tsan) {
    std::call_once(thread_tried_,
                   [&] { thread_ = try_sanitizer(trees_, thread_programs); });
    return thread_;
  }
  if (stage == Stage::asan) {
    std::call_once(address_tried_,
                   [&] { address_ = try_sanitizer(trees_, address_programs); });
    return address_;
  }
  return none_needed_;
}

}  // namespace course::grader
