// Grades for programs to read: JSON and JUnit XML. Each report holds everything that the
// terminal shows.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "catalogue/manifest.hpp"
#include "grader/result.hpp"

namespace course::grader {

// { "verdict", "points", "of", "not_measured", "seed",
//   "exercises": [ { "id", …, "promises": [ … ], "stages": [ … ] } ] }
[[nodiscard]] nlohmann::json json_of(const Course& course,
                                     const std::vector<ExerciseResult>& results,
                                     std::uint64_t seed);

// One <testsuite> an exercise, with its points as properties, and one <testcase> a stage.
[[nodiscard]] std::string junit_of(const std::vector<ExerciseResult>& results);

// The one verdict on several exercises.
[[nodiscard]] Verdict verdict_of(const std::vector<ExerciseResult>& results);

}  // namespace course::grader
