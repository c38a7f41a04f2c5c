// Tries an exercise's tests on mutants made by rule, and finds those that no stage catches.
//
//   solution --> mutations --> some at a time: write, build, run a stage --> caught?
//                                        ^_____ those that are left: the next stage
//
// What became of a mutant is remembered by what it and the tests say, so that a run which was
// ended continues where it was.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "author/mutations.hpp"
#include "author/verify.hpp"
#include "catalogue/manifest.hpp"

namespace course::author {

enum class Fate {
  does_not_build,
  caught,
  equivalent,  // recorded, with a reason; not tried
  survives,    // equivalent too, or a hole
  unsettled,   // no stage caught it, and one could not tell
};

struct MadeMutant {
  Mutation mutation;
  Fate fate = Fate::survives;
  Stage stage = Stage::unit;  // of one that was caught
};

// "112 made: 9 do not build, 60 caught by unit, 30 by interleave, 13 equivalent, none left"
[[nodiscard]] std::string summary_of(const std::vector<MadeMutant>& made);

// How many programs of one exercise are built and run at a time. Each has a target of its own,
// NAME-made-1 to NAME-made-4: see course_exercise in cmake/course.cmake.
inline constexpr std::size_t seats = 4;

// What became of mutants, by everything that decides it; kept in a file.
class Memory {
 public:
  // Begins with what `file` holds; with nothing if there is none, or it cannot be read.
  explicit Memory(std::filesystem::path file);

  [[nodiscard]] const MadeMutant* find(const std::string& key) const;
  // Throws std::system_error where the file cannot be written.
  void keep(const std::string& key, const MadeMutant& trial);

 private:
  std::filesystem::path file_;
  std::map<std::string, MadeMutant> made_;
};

struct MutationRun {
  const Exercise& exercise;
  std::filesystem::path root;  // the course's folder
  // Where a subject's program finds its source, in the tree of a preset.
  std::function<std::filesystem::path(std::string_view preset, const grader::Subject&)>
      place;
  std::function<void(const MadeMutant&)> listener;  // hears each as soon as it is known
};

// All mutants of the exercise's solution, in the order of their lines, and what became of them.
// Blocks for minutes. Throws Mistake and ManifestError for what authors must fix.
[[nodiscard]] std::vector<MadeMutant> try_mutations(const MutationRun& run,
                                                    Grading& grading, Memory& memory);

}  // namespace course::author
