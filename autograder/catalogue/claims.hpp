// What the course claims, and which lessons show it.
//
//   lessons/claims.toml           the claims, in plain words and in their order
//   lessons/NN-name/demo.cpp      MEASURED("P3", …), EXPLORED("P5b", …): who shows what
//
// Errors      ManifestError for a claim that no demo shows, and for one that a demo shows and
//             claims.toml lacks: none is missing, none left over.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "catalogue/lesson.hpp"

namespace course {

struct Claim {
  std::string id;       // "P3"
  std::string says;     // one sentence
  bool beyond = false;  // not of the text that the course is about: a lesson's own
  std::vector<Lesson> lessons;  // that show it, in their order

  // "autograder/course demo 1 P3" for each of them.
  [[nodiscard]] std::vector<std::string> commands() const;
};

[[nodiscard]] std::vector<Claim> load_claims(const std::filesystem::path& root);

// The names of a demo's experiments, as its source has them: "P5", "P5b", …
[[nodiscard]] std::vector<std::string> experiments_in(const Lesson& lesson);

}  // namespace course
