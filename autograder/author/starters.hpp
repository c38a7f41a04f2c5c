// Starters: what a student begins with, written from the solution.
//
//   solutions/NN-name/EXERCISE.hpp  -->  exercises/NN-name/EXERCISE/EXERCISE.hpp
//
//   //> step 1(value): append        -->  // TODO 1: append
//   …                                     course::todo(1, value);
//   //<
//   //> hide … //<                   -->  nothing
//   //> region name … //<            -->  what is between
//
// A solution that clang-format leaves alone gives a starter that it leaves alone.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "author/marks.hpp"

namespace course::author {

// One exercise's solution and starter. Neither needs to exist.
struct Pair {
  std::filesystem::path solution;
  std::filesystem::path starter;
};

// Every header in solutions/NN-name, with the starter that belongs to it.
[[nodiscard]] std::vector<Pair> pairs_in(const std::filesystem::path& root);

// The starter's text. Throws Mistake when the solution has no step, or a step has more
// arguments than fit into one line each.
[[nodiscard]] std::string starter_of(const MarkedSource& solution);

// The starter's text, read from the solution's file.
[[nodiscard]] std::string starter_of(const std::filesystem::path& solution);

// A starter that is not what the generator writes.
struct Stale {
  std::filesystem::path starter;
  std::size_t line;       // the first that differs; 0 if the file is missing
  std::string generated;  // what it should hold
};

[[nodiscard]] std::vector<Stale> stale_starters(const std::filesystem::path& root);

// What write_starter did with the text that was there before.
struct Written {
  std::filesystem::path kept;  // where it is now; empty if it was unchanged
};

// Writes the starter. A text there that this function did not write may be somebody's
// answer: it is kept beside the starter first. What was written is remembered in
// .course/.
Written write_starter(const std::filesystem::path& root, const Stale& stale);

}  // namespace course::author
