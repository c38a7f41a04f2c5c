#include "interleave/runtime/settings.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstdlib>

#include "interleave/results.hpp"
#include "interleave/trace/trace.hpp"

extern "C" char* program_invocation_name;

namespace interleave {
namespace {

[[noreturn]] void stop(const char* name, const char* text, const char* wanted) {
  std::fprintf(stderr, "interleave: %s=%s: %s\n", name, text, wanted);
  std::_Exit(2);
}

void read_number(const char* name, std::uint64_t& number) {
  const char* text = std::getenv(name);
  if (text == nullptr) return;
  char* end = nullptr;
  number = std::strtoull(text, &end, 10);
  if (end == text || *end != '\0') stop(name, text, "expected a whole number");
}

void read_number(const char* name, double& number) {
  const char* text = std::getenv(name);
  if (text == nullptr) return;
  char* end = nullptr;
  number = std::strtod(text, &end);
  if (end == text || *end != '\0') stop(name, text, "expected a number");
}

// The program as a shell in this folder would name it.
std::string program_from_here() {
  const std::string program = program_invocation_name;
  char folder[PATH_MAX];
  if (::getcwd(folder, sizeof folder) == nullptr) return program;
  const std::string here = std::string(folder) + "/";
  return program.compare(0, here.size(), here) == 0 ? program.substr(here.size())
                                                    : program;
}

}  // namespace

Options with_environment(Options options) {
  if (const char* name = std::getenv("INTERLEAVE_TEST"); name && options.test.empty())
    options.test = name;
  read_number("INTERLEAVE_SCHEDULES", options.schedules);
  read_number("INTERLEAVE_SECONDS", options.seconds);
  read_number("INTERLEAVE_SEED", options.seed);
  if (const char* name = std::getenv("INTERLEAVE_STRATEGY")) options.strategy = name;
  if (const char* memory = std::getenv("INTERLEAVE_MEMORY")) {
    const std::optional<Memory> wanted = memory_called(memory);
    if (!wanted) stop("INTERLEAVE_MEMORY", memory, "expected weak, sequential or rc11");
    options.memory = *wanted;
  }
  return options;
}

std::optional<Token> token_to_replay() {
  const char* text = std::getenv("INTERLEAVE_REPLAY");
  if (text == nullptr) return std::nullopt;
  std::optional<Token> token = parse_token(text);
  if (!token) stop("INTERLEAVE_REPLAY", text, "this is not a token of a failed schedule");
  return token;
}

bool is_experiment() { return std::getenv("INTERLEAVE_TEST") != nullptr; }

std::size_t usable_cores() {
  std::uint64_t most = CPU_SETSIZE;
  read_number("INTERLEAVE_CORES", most);
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) return 1;
  return std::min<std::size_t>(most, static_cast<std::size_t>(CPU_COUNT(&cores)));
}

bool prints_steps() { return std::getenv("INTERLEAVE_STEPS") != nullptr; }

std::uint32_t step_to_stop_at() {
  std::uint64_t step = kNoStep;
  read_number("INTERLEAVE_STOP_AT", step);
  return static_cast<std::uint32_t>(step);
}

std::string replay_command(const std::string& token, const std::string& test) {
  if (reporter_installed() || is_experiment()) return "autograder/course replay " + token;
  return "INTERLEAVE_REPLAY='" + token + "' INTERLEAVE_STEPS=1 " + program_from_here() +
         (test.empty() ? "" : " --gtest_filter=" + test);
}

}  // namespace interleave
