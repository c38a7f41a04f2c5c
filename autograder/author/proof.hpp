// What `author verify` proves, one line of evidence at a time, and the sum of it.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/stage.hpp"

namespace course::author {

enum class Kind {
  starter,   // builds without a warning; is not started
  solution,  // passes a stage
  mutant,    // is caught by a stage named for it, with the concept named for it
};

enum class Standing {
  holds,
  fails,
  inconclusive,  // this machine could not tell
};

[[nodiscard]] std::string_view name_of(Kind kind) noexcept;
[[nodiscard]] std::string_view name_of(Standing standing) noexcept;

// One thing that was tried.
struct Evidence {
  Kind kind = Kind::starter;
  std::string exercise;  // "job_queue"
  std::string variant;   // "student", "solution" or the mutant's name
  Stage stage = Stage::build;
  Standing standing = Standing::fails;
  std::string concept_name;  // that the failure named; of a mutant
  std::string words;         // why it does not hold, and what to do; empty when it holds
  double seconds = 0;
};

// How many there are of a kind, and how many of them stand how. One is a starter, a
// solution or a mutant with all its evidence: it holds if all of that holds.
struct Tally {
  std::size_t all = 0;
  std::size_t holding = 0;
  std::size_t inconclusive = 0;
};

struct Proof {
  // Of files: stale, missing, misshapen; each with its remedy.
  std::vector<std::string> faults;
  std::vector<Evidence> evidence;

  [[nodiscard]] Tally tally(Kind kind) const;

  // Fails if a file is at fault or any evidence fails; inconclusive if, otherwise, this
  // machine could not tell of some.
  [[nodiscard]] Standing standing() const;

  // "starters 2/2, solutions 2/2, mutants caught by the right stage 14/15 (inconclusive 1)"
  [[nodiscard]] std::string summary() const;

  [[nodiscard]] nlohmann::json json() const;
};

// "job_queue   if_for_while   interleave   holds   lost wake-up   0.4 s", then the words.
[[nodiscard]] std::string line_for(const Evidence& evidence);

}  // namespace course::author
