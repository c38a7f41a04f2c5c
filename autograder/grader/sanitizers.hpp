// Whether the sanitizers work on this machine: tried on known programs, before any
// student's program is blamed.
//
//      race, clean      ThreadSanitizer           must report, must not report
//      leak, overflow   Address-, LeakSanitizer   must report
//
// Threads     `health` may be called by any thread; the first call of a kind tries, others wait.
// Blocks      A second or two the first time with a compiler, then a few tenths.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "grader/build.hpp"

namespace course::grader {

struct SanitizerHealth {
  bool works = false;
  bool fixed_addresses = false;  // works, but only with address randomisation off
  std::string trouble;           // why it does not, and the command that fixes it
};

class Sanitizers {
 public:
  explicit Sanitizers(Trees trees) : trees_(std::move(trees)) {}

  // For Stage::tsan or Stage::asan; every other stage needs none and works.
  [[nodiscard]] const SanitizerHealth& health(Stage stage);

 private:
  Trees trees_;
  std::once_flag thread_tried_;
  std::once_flag address_tried_;
  SanitizerHealth thread_;
  SanitizerHealth address_;
  SanitizerHealth none_needed_{true, false, ""};
};

// One known program and what a working sanitizer says about it.
struct KnownProgram {
  std::string name;    // of the file in autograder/grader/self_test
  std::string flags;   // "-fsanitize=thread"
  std::string report;  // must be printed; empty: nothing may be reported
};

// Builds (unless done before) and tries `known` programs.
[[nodiscard]] SanitizerHealth try_sanitizer(const Trees& trees,
                                            const std::vector<KnownProgram>& known);

}  // namespace course::grader
