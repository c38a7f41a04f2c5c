// What a mistyped word probably meant.
#pragma once

#include <string>
#include <vector>

namespace course {

// The candidate with the fewest letters to change, add, remove or swap (Damerau, 1964),
// if no more than a third of them are; else empty.
[[nodiscard]] std::string nearest(const std::string& word,
                                  const std::vector<std::string>& candidates);

// "; did you mean `points`?", or nothing when no candidate is near.
[[nodiscard]] std::string did_you_mean(const std::string& word,
                                       const std::vector<std::string>& candidates);

}  // namespace course
