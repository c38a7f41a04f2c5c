// Proves starters, solutions and mutants with the grader itself.
//
//      exercises --> trials --> tree by tree: build, run just the stage --> evidence
//
// A mutant is built only in the tree of the stage that catches it first, and runs only the
// tests that its head names; or in those of all its stages, where that is asked for.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "author/proof.hpp"
#include "grader/build.hpp"
#include "grader/result.hpp"

namespace course::author {

// What the proof asks of the grader.
class Grading {
 public:
  Grading() = default;
  virtual ~Grading() = default;
  Grading(const Grading&) = delete;
  Grading& operator=(const Grading&) = delete;

  // Builds all `subjects` in the tree of `preset`. Returns what the compiler first said for
  // each that did not build, by its target.
  [[nodiscard]] virtual std::map<std::string, std::string> build(
      std::string_view preset, const std::vector<grader::Subject>& subjects) = 0;

  // Runs one stage of a subject that is built, or just those of its tests that `only` names;
  // Stage::build builds it. Any thread may call it, but for Stage::gate only while no other
  // call runs.
  [[nodiscard]] virtual grader::StageResult run(Stage stage,
                                                const grader::Subject& subject,
                                                const std::vector<std::string>& only) = 0;

  // Whether `exercise` is judged by `stage` at all.
  [[nodiscard]] virtual bool applies(Stage stage, const Exercise& exercise) const = 0;

  // What `course grade` would print of it, if a student had made it.
  [[nodiscard]] virtual std::string printed(
      const grader::ExerciseResult& result) const = 0;

  // How many stages may run side by side.
  [[nodiscard]] virtual unsigned side_by_side() const = 0;
};

using EvidenceListener = std::function<void(const Evidence&)>;

// Which of the stages that a mutant's head names are to catch it.
enum class MutantStages { none, first, every };

// What is to be proven.
struct Extent {
  MutantStages mutants = MutantStages::first;
  std::optional<Stage> only;  // this stage, and no other
};

// All evidence about `exercises`, in their order. `listener` hears each piece as soon as it
// is known, one call at a time. Blocks for minutes.
[[nodiscard]] std::vector<Evidence> gather_evidence(
    const std::vector<const Exercise*>& exercises, const Extent& extent, Grading& grading,
    const EvidenceListener& listener);

}  // namespace course::author
