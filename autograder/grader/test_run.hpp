// Runs one test of a graded program in a process of its own, and judges what it reported.
//
//      program --gtest_filter=TEST --+-- records --> started … test … end
//                                    +-- exit status, signal, time, output
//
// Fails closed: a test passed only if its own record says so, the end record follows, and
// the process then ended with status 0. Text on standard output is no evidence.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "catalogue/stage.hpp"
#include "grader/result.hpp"
#include "process/process.hpp"

namespace course::grader {

struct TestCommand {
  std::filesystem::path program;
  std::string test;
  Stage stage = Stage::unit;
  std::uint64_t seed = 1;
  double seconds = 5;
  bool control = false;          // the run must fail: see harness/controls.hpp
  bool fixed_addresses = false;  // for a ThreadSanitizer that cannot start otherwise
  std::uint64_t schedules = 0;  // of an exploration, at most; 0: as many as the test asks
  std::string only_replay;      // an interleave token; empty: explore
  std::uint32_t stop_at = 0;    // of a replay, for a debugger: the step; 0: none
};

// What a run told.
struct TestRun {
  process::Outcome process;
  std::vector<nlohmann::json> failures;
  std::vector<nlohmann::json> explored;
  std::vector<nlohmann::json> costs;
  std::optional<nlohmann::json> todo;
  // Of the test's own record: "passed", "failed", "skipped"; or empty.
  std::string result;
  int tests_reported = 0;
  bool ended = false;       // the end record arrived
  bool garbled = false;     // a line was not a record
  bool disordered = false;  // a record came where none of its kind can

  [[nodiscard]] bool passed() const {
    return result == "passed" && tests_reported == 1 && ended && !garbled &&
           !disordered && process.forged == 0 && process.exited_with(0);
  }
};

[[nodiscard]] TestRun run_test(const TestCommand& command, std::stop_token stop = {});

// How `run` was judged: its finding, or none when it passed. Does not read sanitizers'
// reports; see sanitizer_report.hpp.
[[nodiscard]] std::optional<Finding> finding_of(const TestCommand& command,
                                                const TestRun& run);

// The program's own words, its variables, and those of the caller's that it must not see.
[[nodiscard]] process::Command process_of(const TestCommand& command);

// The shell command that runs the test again, with the same seed and in the same way.
[[nodiscard]] std::string again(const TestCommand& command);

}  // namespace course::grader
