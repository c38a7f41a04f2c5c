// Runs one stage of grading on one built program.
//
//      build -> unit -> interleave -> tsan -> asan -> cost -> gate
//
// A stage passed only if every check that exercise.toml and the harness make it expect
// reported, and every control answered.
//
// Threads     Different stages of one subject may run side by side, except the gate.
// Blocks      Up to the stage's time limit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "catalogue/manifest.hpp"
#include "grader/build.hpp"
#include "grader/result.hpp"
#include "grader/sanitizers.hpp"

namespace course::gate {
class Judge;
}

namespace course::grader {

// The tests that hung in the unit stage, or that the interleave stage saw end in threads that
// wait for each other: they are not run again under a sanitizer, where they would hang ten
// times as long.
//
// Threads     Any.
class Hangs {
 public:
  void forget(const std::string& target);
  void note(const std::string& target, const std::string& test);
  [[nodiscard]] bool known(const std::string& target, const std::string& test) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::set<std::string>> tests_;  // by target; guarded by mutex_
};

// What all gradings of one run of `course` share.
struct Workshop {
  Workshop(const Course& course_in, Trees trees_in, std::uint64_t seed_in);
  ~Workshop();

  const Course& course;
  Trees trees;
  std::uint64_t seed;  // of the unit stage; printed
  unsigned cores;      // that may really be used
  Sanitizers sanitizers;
  Hangs hangs;
  std::unique_ptr<gate::Judge> judge;  // tries the machine at its first gate
  std::stop_token stop;
};

// Compiles the unit program and says what the compiler said about the student's file.
[[nodiscard]] StageResult run_build_stage(const Subject& subject, Workshop& workshop);

// Runs `stage`, whose program must have been built (see `build` and `program_of`). With
// names in `only` just those of its tests or gates are run, which proves a mutant and is no
// grade.
[[nodiscard]] StageResult run_stage(Stage stage, const Subject& subject,
                                    Workshop& workshop,
                                    const std::vector<std::string>& only = {});

// Whether `name` is one of `only`, or that names none.
[[nodiscard]] bool is_chosen(const std::string& name,
                             const std::vector<std::string>& only);

// A result for a stage whose program does not build, or may not be run for what was found in
// it (see look.hpp); none if it may. `stage` is never Stage::build.
[[nodiscard]] std::optional<StageResult> unbuilt(Stage stage, const BuildResult& built,
                                                 const Subject& subject,
                                                 const Workshop& workshop);

// Whether `exercise` is judged by `stage` at all.
[[nodiscard]] bool applies(Stage stage, const Exercise& exercise);

}  // namespace course::grader
