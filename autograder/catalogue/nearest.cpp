#include "catalogue/nearest.hpp"

#include <algorithm>
#include <cstddef>

namespace course {
namespace {

// Three rows of the usual table: the row before last is what a swap goes back to.
std::size_t distance(const std::string& from, const std::string& to) {
  std::vector<std::size_t> before, last(to.size() + 1), row(to.size() + 1);
  for (std::size_t column = 0; column <= to.size(); ++column) last[column] = column;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t changed = from[i - 1] == to[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + changed});
      const bool swapped =
          i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last.back();
}

}  // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t least = 0;
  for (const auto& candidate : candidates) {
    const std::size_t edits = distance(word, candidate);
    if (edits * 3 > std::max(word.size(), candidate.size())) continue;
    if (best.empty() || edits < least) {
      best = candidate;
      least = edits;
    }
  }
  return best;
}

std::string did_you_mean(const std::string& word,
                         const std::vector<std::string>& candidates) {
  const std::string guess = nearest(word, candidates);
  return guess.empty() ? "" : "; did you mean `" + guess + "`?";
}

}  // namespace course
