// Bytes that libFuzzer finds: it looks for those that take new ways through the code.
//
// Threads     One; no other thread may run at the moment of the fork.
// Errors      std::runtime_error where no process can be started.
#pragma once

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "course/records.hpp"

namespace course {

// Says what is wrong with these bytes; empty: nothing.
using FuzzCheck = std::string (*)(std::span<const std::byte> bytes);

#if COURSE_HAS_LIBFUZZER

extern "C" int LLVMFuzzerRunDriver(int* count, char*** arguments,
                                   int (*run)(const std::uint8_t*, std::size_t));

namespace detail {

inline FuzzCheck fuzz_check = nullptr;

inline int run_on(const std::uint8_t* data, std::size_t size) {
  const std::string wrong = fuzz_check(std::as_bytes(std::span(data, size)));
  if (wrong.empty()) return 0;
  std::fprintf(stderr, "%s\n", wrong.c_str());
  std::abort();
}

[[noreturn]] inline void fuzz() {
  std::vector<std::string> words{"fuzz",
                                 "-max_total_time=3",
                                 "-max_len=256",
                                 "-verbosity=0",
                                 "-print_funcs=0",
                                 "-rss_limit_mb=0",
                                 "-exact_artifact_path=/dev/null",
                                 "-seed=" + std::to_string(seed() | 1)};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  int count = static_cast<int>(words.size());
  char** values = arguments.data();
  std::exit(LLVMFuzzerRunDriver(&count, &values, run_on));
}

}  // namespace detail

// Whether `check` finds nothing wrong with some seconds of bytes, and the code nothing to die of.
// If not, what was found stands on the standard error. Runs in a process of its own.
[[nodiscard]] inline bool holds_when_fuzzed(FuzzCheck check) {
  std::fflush(nullptr);
  detail::fuzz_check = check;
  const pid_t owner = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("cannot start a process to fuzz in");
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != owner) ::_exit(1);  // it ended before the line above
    detail::fuzz();
  }
  int status = 0;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (::waitpid(child, &status, WNOHANG) != child) {
    if (std::chrono::steady_clock::now() > until) ::kill(child, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

#else

// This stage has no libFuzzer: nothing is tried.
[[nodiscard]] inline bool holds_when_fuzzed(FuzzCheck) { return true; }

#endif

}  // namespace course
