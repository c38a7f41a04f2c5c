// Mutants made by rule: every small change of a solution that a person might make by mistake.
//
//   not_empty_.notify_one();   -->   (nothing)   notify_all   before the unlock   …
//
// Rules work on what the student writes: the parts between a solution's marks.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace course::author {

struct Mutation {
  std::string rule;     // "a notify dropped"
  std::size_t line;     // in the solution, from 1
  std::string was;      // what was changed, in one line
  std::string becomes;  // and into what; "nothing" where it was taken out
  std::size_t nth;      // of those with the same three, from 1
  std::string source;   // the whole mutant
};

// All of them, in the order of their lines; no two with the same source. `text` is that of
// `solution`, which is named in messages. Throws Mistake where its marks are wrong.
[[nodiscard]] std::vector<Mutation> mutations_of(const std::filesystem::path& solution,
                                                 std::string_view text);

}  // namespace course::author
