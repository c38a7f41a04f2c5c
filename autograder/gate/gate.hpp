// The performance gate: is the student's program fast enough, measured beside the reference
// on this very machine?
//
//      student   --+
//                  +--> blocks of runs in an order drawn by coin --> d --> sign --> E values
//      reference --+                                                           |
//                       passed, failed, or inconclusive after 9 s  <-----------+
//
// A student's program that is the reference itself fails at most once in 10,000 gradings,
// whatever the machine does meanwhile (e_process.hpp says why); one that is half as fast
// is caught.
//
// Threads     One Judge, one thread; nothing else should be running on the machine.
// Blocks      `judge` for up to about 10 s, and up to 20 s more the first time (controls).
// Errors      None thrown: a program that cannot be measured is a verdict with words.
#pragma once

#include <filesystem>
#include <optional>
#include <random>
#include <string>

#include "catalogue/manifest.hpp"
#include "gate/measurement.hpp"

namespace course::gate {

enum class Kind {
  ratio,    // the student's speed beside the reference's
  scaling,  // the gain of each from `threads` to twice as many
  gain,     // the gain of each over a third work, `over`, which both programs hold
  claim,    // the student's gain over `over`, beside the one that the student claims
};

// From, to: what a student says that the gain is.
struct Claim {
  double from = 0;
  double to = 0;
};

// One [[gate]] of an exercise.toml.
struct Gate {
  std::string name;  // of the benchmark in EXERCISE_gate.cpp
  Kind kind = Kind::ratio;
  double told = 0.80;  // what the student is told, of the reference's speed or gain
  unsigned threads =
      0;  // scaling: from `threads` to twice as many; gain, claim: cores needed
  std::string over = {};  // gain, claim: the benchmark that is compared with
  Claim claimed = {};     // claim
};

// What `rule` asks for; the claim itself is still to be read.
[[nodiscard]] Gate gate_of(const GateRule& rule);

struct Programs {
  std::filesystem::path student;
  std::filesystem::path reference;
};

enum class Verdict {
  passed,
  failed,
  not_started,
  inconclusive,  // this machine could not tell
  skipped,       // on too few cores: not measured, and never counted as passed
  environment,   // the reference itself does not run
  tampered,      // the program's clock contradicts ours
};

struct Result {
  Verdict verdict = Verdict::inconclusive;
  std::string words;   // what was found, in a sentence or two, for the student
  double e_fail = 1;   // the evidence that the student's program is too slow
  double e_pass = 1;   // … that it is fast enough
  double ratio = 0;    // the student's speed or gain over the reference's; 0: unknown
  double seconds = 0;  // the whole measuring took
  int blocks = 0;
};

// Judges the gates of one grading.
class Judge {
 public:
  // `usable_cores` as machine::gate_cores counts them. `seed` decides the order of all
  // runs: it must be one that a submission cannot know.
  Judge(Runner runner, unsigned usable_cores,
        std::uint64_t seed = std::random_device{}());

  // The first call also tries the machine: the reference against itself must pass, and
  // against itself doing double work must fail; else every gate is inconclusive.
  [[nodiscard]] Result judge(const Gate& gate, const Programs& programs);

  // Why this machine cannot judge; empty while it can, or was not tried yet.
  [[nodiscard]] const std::string& machine_trouble() const { return trouble_; }

 private:
  // Returns the seconds that it took.
  double try_the_machine(const Gate& gate, const std::filesystem::path& reference);

  Runner runner_;
  unsigned usable_cores_;
  std::mt19937_64 random_;
  bool tried_ = false;
  std::string trouble_;
};

}  // namespace course::gate
