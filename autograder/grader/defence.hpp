// What a student says of a choice: the defence.toml beside the code, whose numbers a gate of the
// kind `claim` holds against what it measures.
//
//   model = "a lock for each symbol"        which model was chosen
//   because = "…"                           why: for a person to read
//   [times_one_lock]                        a claim: from, to; a gate names it
//   from = 1.5
//   to = 2.5
#pragma once

#include <filesystem>
#include <string>

#include "gate/gate.hpp"
#include "grader/build.hpp"
#include "grader/verdict.hpp"

namespace course::grader {

struct Defence {
  // passed: it is filled in, and can be held against what is measured; not_started: it is not
  // filled in yet; failed: it cannot be read, or claims nothing. `words` says what to do.
  Verdict verdict = Verdict::failed;
  std::string words;
  gate::Claim claim;
};

// The file that belongs to `subject`: it lies beside the code.
[[nodiscard]] std::filesystem::path defence_of(const Subject& subject,
                                               const Trees& trees);

// The claim `key` of `file`. One that is that ends above three times its beginning is none.
[[nodiscard]] Defence read_defence(const std::filesystem::path& file,
                                   const std::string& key);

}  // namespace course::grader
