// A failing schedule, run once more in the program as it is now, and told step by step.
//
//      token --> test, exercise --> built program --> record of every step --> Replayed
//
// A replay is no verdict: it says what one schedule does. Where the program is no longer the
// one that the token was written for, it says that.
//
// Threads     None: one caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "catalogue/manifest.hpp"
#include "grader/test_run.hpp"

namespace course::student {

// A row of the picture.
struct ReplayedStep {
  std::string text;      // in its thread's column; ends in a newline
  std::uint32_t at = 0;  // the explorer's number for it
  std::string file;      // of the student's own line; empty if it has none
  int line = 0;
  std::string source;          // what stands there
  std::uint32_t left_out = 0;  // so many steps before it, which only say the same again
};

struct Replayed {
  enum class End {
    fails,     // again
    succeeds,  // it does not fail any more
    unknown,   // no schedule was run; `trouble` says why
  };
  End end = End::unknown;
  bool same_steps = true;    // as when the token was written
  bool environment = false;  // with unknown: the machine or the explorer is at fault
  std::string trouble;

  // When it fails.
  std::string headline;
  std::string columns;  // the threads' names
  std::vector<ReplayedStep> steps;
  std::size_t inflection = 0;  // after so many steps comes ...
  std::string way_back;        // ... this line; empty: nowhere
  std::string below;           // why it failed
  nlohmann::json record;       // the explorer's own, all of it
};

// The name of the test that a token is of; empty if it is no token.
[[nodiscard]] std::string test_of(const std::string& token);

// The exercise that has this test; nullptr if none has.
[[nodiscard]] const Exercise* exercise_with(const Course& course,
                                            const std::string& test);

// Runs that one schedule of `subject`, whose program of the interleave stage must have been built.
[[nodiscard]] grader::TestCommand command_to_replay(const grader::Trees& trees,
                                                    const grader::Subject& subject,
                                                    const std::string& token);

// What the explorer's record of a replayed schedule tells; `trouble` where it is null, since
// nothing was replayed.
[[nodiscard]] Replayed replayed_in(const nlohmann::json& record,
                                   const std::string& trouble);

// What a run of such a command told.
[[nodiscard]] Replayed read_replay(const grader::TestCommand& command,
                                   const grader::TestRun& run);

// The sentence about a program that changed since the token was written, or that does not
// fail any more; empty if there is nothing to say. `search` is the command that looks for
// others.
[[nodiscard]] std::string remark_on(const Replayed& replayed, const std::string& search);

}  // namespace course::student
