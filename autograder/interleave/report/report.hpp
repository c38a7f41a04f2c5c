// Turns a failure and its trace into what a person reads and what the grader records.
//
//   Failure + Trace  -->  concept, headline, picture (one column per thread, the
//   student's lines), location
//
// Program counters are turned into functions, files and lines with the program's debug
// information; addresses into variables where it knows them, else into the source text at
// the line, else into "mutex 1", "atomic 2" in order of appearance.
//
// Threads     None: one caller at a time, after the schedule has ended, outside the body.
// Left out    Finding, replaying and minimising: the engine does that before it asks for
// a report.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "interleave/report/symbols.hpp"
#include "interleave/trace/failure.hpp"
#include "interleave/trace/trace.hpp"

namespace interleave {

// What is known of the exploration that found the failure.
struct Finding {
  std::string test;             // for the record
  std::uint64_t schedule = 0;   // how many ran; a failure came in the last of them
  std::uint64_t schedules = 0;  // at most so many
  bool exhaustive = false;      // every behaviour was checked
  bool few = false;  // so few ran, for lack of time, that it says next to nothing
  double milliseconds = 0;
  std::string coverage;
  std::string token;
  std::string replay_command;  // "autograder/course replay TOKEN", or the test with
                               // INTERLEAVE_REPLAY=TOKEN
  Inflection inflection;
  std::string undone;      // what there was no time to look for, as a sentence
  bool replayed = false;   // the record tells every step
  bool same_steps = true;  // as when the token was written
};

struct Report {
  std::string concept_name;  // of the course: "lost wake-up", "check then act", "lock
                             // order", "data race", "release without acquire",
                             // "livelock", "lifetime", "misuse", "atomicity", "leak"
  std::string headline;      // "deadlock after 9 steps, in schedule 3 of 1,000"
  // Headline, columns, explanation, replay command; ends in a newline.
  std::string picture;
  std::string brief;  // the rows that matter, for a terminal
  std::string
      file;  // the line to look at first, in the program under test if it is known
  std::uint32_t line = 0;
  std::string json;  // the record {"record":"explored", ...}, one line
};

[[nodiscard]] Report make_report(const Failure& failure, const Trace& trace,
                                 const Finding& finding);

// The record of an exploration that found nothing.
[[nodiscard]] std::string clean_record(const Finding& finding);

// The program's own innermost frame of a stack, its innermost return address first; without a
// file if there is none.
[[nodiscard]] Frame frame_in_program(const std::vector<ProgramCounter>& stack);

// Whether the innermost frames of a stack, before the first of the program's own, are in the
// standard library's waiting for a change of an atomic.
[[nodiscard]] bool is_library_wait(const std::vector<ProgramCounter>& stack);

// One step in words, for stepping through a replay: "worker 1  lock accounts_[1].mutex
// ledger.hpp:41".
[[nodiscard]] std::string describe(const Step& step, const Trace& trace);

}  // namespace interleave
