// The lessons' experiments: each shows one claim of the course as a table.
//
//   MEASURED("P3", "Adding workers adds speed", table) {
//     table.columns({"workers", "jobs/s", "speed-up"});
//     table.row({"1", "81,000", "1.0"});
//     table.look_at("how far the last column stays from the first");
//   }
//
// MEASURED experiments time something and run in the optimised tree; EXPLORED ones ask the
// schedule explorer which outcomes are reachable and run in the interleave tree. The same
// demo.cpp holds both; each tree runs its own kind.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace course {

// What an experiment fills in; printed when it returns. Used by the experiment's thread only.
class Table {
 public:
  void columns(std::vector<std::string> names);
  // One cell per column; fewer or more end the demo with an error that names the experiment.
  void row(std::vector<std::string> cells);
  // One sentence under the table: what the reader should see in it.
  void look_at(std::string sentence);
  // Lines printed as they are, under the table (an interleaving, a source line).
  void verbatim(std::string lines);

 private:
  friend class TablePrinter;
  std::vector<std::string> names_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::string> sentences_;
  std::string verbatim_;
};

// Whether this run only proves that the experiment works (`--quick`): sizes shrink, the
// table keeps its shape, and its numbers mean nothing.
[[nodiscard]] bool quick() noexcept;

// Cores this program may really use, at least 1: affinity and control-group quota together.
[[nodiscard]] unsigned usable_cores() noexcept;

// 1234567.8 as "1,234,568"; below 100 with one decimal, below 1 with three; a whole number
// without any.
[[nodiscard]] std::string number(double value);

// A count: 1234567 as "1,234,567".
[[nodiscard]] std::string count(std::int64_t value);

enum class Kind { measured, explored };

struct Experiment {
  Experiment(Kind kind, const char* claim, const char* title, void (*body)(Table&));
};

}  // namespace course

#define COURSE_JOIN_(a, b) a##b
#define COURSE_JOIN(a, b) COURSE_JOIN_(a, b)
#define COURSE_EXPERIMENT(kind, claim, title, table)                     \
  static void COURSE_JOIN(experiment_, __LINE__)(course::Table & table); \
  static const course::Experiment COURSE_JOIN(registered_, __LINE__){    \
      kind, claim, title, COURSE_JOIN(experiment_, __LINE__)};           \
  static void COURSE_JOIN(experiment_, __LINE__)(course::Table & table)

#define MEASURED(claim, title, table) \
  COURSE_EXPERIMENT(course::Kind::measured, claim, title, table)
#define EXPLORED(claim, title, table) \
  COURSE_EXPERIMENT(course::Kind::explored, claim, title, table)
