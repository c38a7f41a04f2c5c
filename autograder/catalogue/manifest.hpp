// What the course's authors declare, read, checked and turned into plain structures:
//
//   exercises/NN-name/EXERCISE/exercise.toml           steps, points, hints, costs, gates
//   exercises/NN-name/EXERCISE/EXERCISE_test.cpp       which test holds which step
//   autograder/mutants/NN-name/EXERCISE/MUTANT.diff    what catches it, in its head
//   lessons/NN-name/concepts.toml                      the words that verdicts use
//
// Threads     Immutable once loaded: any thread may read.
// Errors      ManifestError names the file, the line, and what to write instead. A key
//             that is never read is an error too: it is a typing error.
#pragma once

#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "catalogue/stage.hpp"

namespace course {

class ManifestError : public std::runtime_error {
 public:
  ManifestError(const std::filesystem::path& file, int line, const std::string& what)
      : runtime_error(file.string() + ":" + std::to_string(line) + ": " + what) {}
};

// An ID on the command line that names nothing.
class UnknownId : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Test {
  std::string name;          // "JobQueue.ComesOutInOrder"
  std::string concept_name;  // what its failure breaks; empty where a tool will know
  int step = 0;              // that it holds, from 1
  int line = 0;              // of its source
  // How many it brings, as its source shows; the solution proves it, at each of its gradings.
  std::size_t explorations = 0;
  bool only_where_explored = false;  // and none under the system's scheduler
};

// One promise. What is to be written for it the solution marks with its number; a step without
// a mark is a promise about the code of all the others.
struct Step {
  int number;  // from 1
  std::string title;
  int points;
  std::vector<Test> tests;
};

struct CostLimit {
  std::string test;       // runs the operation inside interleave::Cost
  std::string operation;  // the name given to it there
  // "atomics", "read-modify-writes", "locks", "allocations", "wake-ups", "spins".
  std::map<std::string, double> limits;
  std::string concept_name;
  std::string reason;
  int points = 0;
  int step = 0;  // whose promise it is part of, its test's; 0: it has points of its own
};

struct GateRule {
  enum class Kind { ratio, scaling, gain, claim };
  std::string name;  // of the Google Benchmark
  Kind kind = Kind::ratio;
  int threads = 0;     // scaling: k; measured at k and 2k. gain, claim: the cores needed
  double told = 0.80;  // what the student is told to reach, as a share of the reference
  std::string concept_name;
  std::string reason;
  int points = 0;
  int step = 0;           // whose promise it is part of; 0: it has points of its own
  std::string over = "";  // gain, claim: the benchmark of the work that is compared with
  std::string claimed = "";  // claim: the key in the exercise's defence.toml
};

// A word, an include or a symbol that grader/look.hpp would refuse, and why it is needed.
struct Allowed {
  std::string name;
  std::string reason;
};

struct Mutant {
  std::string name;
  std::string mistake;
  std::vector<Stage> caught_by;  // in the grader's order; by the first it is proven
  std::string concept_name;
  std::vector<std::string> tests;  // that catch it there; a gate's name for a gate
};

// A concept, and where it is named.
struct Mention {
  std::string concept_name;
  std::filesystem::path file;  // below the course's folder
  int line;
};

struct Exercise {
  std::string id;    // "1.1"
  std::string name;  // "job_queue"
  std::string title;
  std::string otherwise;  // what the solution does that right code may do otherwise
  std::string lesson;     // "01-parallel-workers"
  std::filesystem::path manifest;  // absolute, as are the two below
  std::filesystem::path file;      // the one file that the student edits
  std::filesystem::path solution;
  std::vector<std::string> hints;
  std::vector<Step> steps;
  double test_seconds = 5;
  double stage_seconds = 60;
  // Of what a sanitizer reports in general, where the report itself names nothing better.
  std::map<Stage, std::string> stage_concepts{{Stage::tsan, "data race"},
                                              {Stage::asan, "lifetime"}};
  std::vector<CostLimit> costs;
  std::vector<GateRule> gates;
  std::vector<Allowed> allowed;
  std::vector<Mutant> mutants;    // by name
  std::vector<Mention> mentions;  // of concepts, in all of its files

  [[nodiscard]] std::vector<Test> tests() const;  // of all steps, in their order
};

struct Concept {
  std::string means;   // one sentence
  std::string lesson;  // "lessons/01-parallel-workers/README.md#lost-wake-up"
  // Where it is declared: "lessons/01-parallel-workers/concepts.toml:7".
  std::string place;
};

struct Course {
  std::filesystem::path root;
  std::vector<Exercise> exercises;  // by id
  std::map<std::string, Concept> concepts;

  // The exercises that `ids` name, each once, in the course's order; all of them for
  // none. An id is a lesson (1, 01, parallel-workers, 01-parallel-workers) or an exercise
  // (1.1, job_queue). Throws UnknownId with what was probably meant.
  [[nodiscard]] std::vector<const Exercise*> select(
      const std::vector<std::string>& ids) const;
};

// Reads every manifest below `root`. Throws ManifestError.
[[nodiscard]] Course load_course(const std::filesystem::path& root);

// Reads one manifest with the tests beside it and the mutants; its folders say which lesson
// and exercise it is. Throws ManifestError.
[[nodiscard]] Exercise load_exercise(const std::filesystem::path& root,
                                     const std::filesystem::path& manifest);

// The concepts of all lessons, by name. Throws ManifestError, also for one that two lessons
// declare.
[[nodiscard]] std::map<std::string, Concept> load_concepts(
    const std::filesystem::path& root);

}  // namespace course
