// Runs one child process to its end, whatever it does: in a session of its own, with no
// input, with its output, its time and its records bounded.
//
//      run(command) --fork--> child, its own group --+-- output  --> cut at a limit
//                                                    +-- records --> JSON, line by line
//                                                    +-- time    --> stacks, then SIGKILL
//
// Threads     `run` may be called by any number of threads.
//             `adopt_orphans` once, before the first `run`.
// Progress    `run` blocks until the child and its group are gone.
// Errors      A child that cannot be started is an outcome, not an exception.
//             std::system_error when the machine has no process or pipe left to give.
//
// Invariants
//   I1  When `run` returns, no process of the child's group is running; where this process
//       adopts orphans, none that the child started, in whatever group or session.
//   I2  When this process dies, its children die with it; `keep` sees to theirs.
//   I3  Neither a flood of output nor one of records grows this process without bound.
//
// Left out    A sandbox: the child may do all that this user may.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace course::process {

struct Command {
  std::vector<std::string> words;  // the program, looked up in PATH, and its arguments
  std::filesystem::path folder;    // to run in; empty: this process's own

  // Added to this process's environment; a variable given here replaces the inherited
  // one.
  std::map<std::string, std::string> environment;
  std::vector<std::string> without;  // variables that the child must not inherit

  double seconds = 60;  // wall time, then stacks are taken and it is killed
  std::size_t output_kept = 256 << 10;  // bytes; what follows is counted and dropped
  std::size_t output_limit = 16 << 20;  // bytes; more than this ends the child
  std::size_t file_limit = 0;           // bytes a file may grow to; 0: no limit
  std::size_t memory_limit = 0;  // bytes of address space, of each process; 0: no limit
  unsigned processor_limit = 0;  // seconds that each process may compute; 0: no limit
  bool records = false;  // open a pipe and name it in COURSE_RECORDS: "3 SECRET t"
  // Stands there for the t. What it means is between the caller and the program.
  char records_kind = 't';
  bool stacks = true;            // at the time limit, of every thread
  bool fixed_addresses = false;  // address randomisation off
  // Called as output arrives, by run's thread.
  std::function<void(std::string_view)> on_output;
};

// How the child came to its end.
enum class End {
  exited,           // by itself; see `status`
  signalled,        // by a signal that was not ours; see `status`
  timed_out,        // killed at its time limit; see `stacks`
  endless_output,   // killed at its output limit
  endless_records,  // killed after more records than any test has
  stopped,          // killed because `stop` was requested
  could_not_start,  // never ran; see `output`
};

struct Outcome {
  End end = End::could_not_start;
  int status = 0;                // exit status, or the signal's number
  std::string output;            // standard output and error, interleaved as written
  std::size_t output_bytes = 0;  // how many there were, kept or not
  // Lines that began with the secret of this run, without it, in the order written.
  std::vector<std::string> records;
  std::size_t forged = 0;        // lines that did not
  std::string stacks;            // of every thread at the time limit
  double seconds = 0;            // wall time from fork to end
  double processor_seconds = 0;  // user and system, of the child and those it waited for
  std::uint64_t peak_bytes = 0;  // resident

  [[nodiscard]] bool exited_with(int expected) const {
    return end == End::exited && status == expected;
  }
};

// Runs `command` and returns when nothing of it is left. Blocks.
[[nodiscard]] Outcome run(const Command& command, std::stop_token stop = {});

// How an outcome ended, in words: "exit status 3", "killed by SIGSEGV (segmentation
// fault)".
[[nodiscard]] std::string words_for(const Outcome& outcome);

// From now on a process that a child leaves behind when it ends is ended too. It comes to this
// process, which must have no other children but those of `run`.
void adopt_orphans() noexcept;

// Where `program` is found in PATH; empty if it is not.
[[nodiscard]] std::filesystem::path find_program(const std::string& program);

}  // namespace course::process
