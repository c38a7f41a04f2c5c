// Mutants made by rule that are as right as the solution, each with the reason.
//
//   autograder/mutants/NN-name/EXERCISE/equivalent.toml
//
//   [[equivalent]]
//   rule = "a statement doubled"
//   was = "closed_ = true;"
//   becomes = "closed_ = true; closed_ = true;"
//   reason = "It is true already."
//
// `nth` says which of several with the same three it is, the first if it is left out.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "author/mutations.hpp"
#include "catalogue/manifest.hpp"

namespace course::author {

struct Equivalent {
  std::string rule;
  std::string was;
  std::string becomes;
  std::size_t nth = 1;
  std::string reason;
  int line = 0;  // of its `rule` in the file

  [[nodiscard]] bool is(const Mutation& mutation) const;
};

[[nodiscard]] std::filesystem::path equivalents_file(const std::filesystem::path& root,
                                                     const Exercise& exercise);

// Those that are recorded for `exercise`; none where there is no file. Throws ManifestError.
[[nodiscard]] std::vector<Equivalent> equivalents_of(const std::filesystem::path& root,
                                                     const Exercise& exercise);

// What is recorded and no rule makes any more, in a line each with its remedy.
[[nodiscard]] std::vector<std::string> stale_equivalents(
    const std::filesystem::path& root, const Exercise& exercise);

}  // namespace course::author
