// What earns points: each step, each cost and each gate is one promise, kept or not.
//
//   a step   all of its tests held in unit, interleave, tsan and asan, and so did the costs
//            and gates that are part of its promise
//   a cost   its operation stays within its limits
//   a gate   it is as fast beside the reference as was asked
//
// Fails closed: a promise is kept only where everything that must report did. What a stage
// found that names no test may be any step's, and costs them all.
#pragma once

#include <string>
#include <vector>

#include "catalogue/manifest.hpp"
#include "catalogue/stage.hpp"
#include "grader/verdict.hpp"

namespace course::grader {

struct StageResult;

struct Promise {
  enum class Kind { step, cost, gate };
  Kind kind = Kind::step;
  int number = 0;     // of a step
  std::string title;  // a step's own, a cost's operation, a gate's name
  Verdict verdict = Verdict::not_run;
  int of = 0;  // what it earns if it is kept

  // Whether this machine could tell; else its points can be neither had nor lost here.
  [[nodiscard]] bool measured() const {
    return verdict != Verdict::inconclusive && verdict != Verdict::environment;
  }
  [[nodiscard]] int points() const { return verdict == Verdict::passed ? of : 0; }
};

[[nodiscard]] std::string_view name_of(Promise::Kind kind) noexcept;

// "step 2", "cost" or "gate"
[[nodiscard]] std::string heading_of(const Promise& promise);

struct Points {
  int earned = 0;
  int of = 0;            // what could be had here
  int not_measured = 0;  // what this machine could not tell; the rest of 100

  Points& operator+=(const Points& other);
};

// "85 of 85 points; 15 not measured here"
[[nodiscard]] std::string words_for(const Points& points);

[[nodiscard]] Points points_of(const std::vector<Promise>& promises);

// All promises of `exercise`, in its order, after `stages` ran.
[[nodiscard]] std::vector<Promise> promises_of(const Exercise& exercise,
                                               const std::vector<StageResult>& stages);

// Where the tests of `step` leave it in one stage.
[[nodiscard]] Verdict verdict_in(const StageResult& stage, const Step& step);

}  // namespace course::grader
