// Runs the student's program and the reference in blocks, and says of each block how they
// compare.
//
//   ratio     S R R S S R R S, or its mirror by a fair coin     d = ln(min R / min S)
//   scaling   three rounds of S R S R at k, k, 2k, 2k threads,  d = ln(gain of S)
//             each round shuffled                                   - ln(gain of R)
//   gain,     the same, but instead of k threads the work that
//   claim     is compared with, and instead of 2k the judged one
//
// Invariants
//   I1  Exchanging the two programs turns d into -d and the clocks' gap into its negative:
//       iterations and limits are fixed before a block and are the same for both, and a
//       stopped run is a loss for whichever program it was. The coin's fairness rests on it.
//   I2  The minimum of a cell's runs counts, so that noise in some of them does not.
#pragma once

#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "gate/gate.hpp"
#include "gate/measurement.hpp"

namespace course::gate {

enum class Side { student, reference };

struct Contestant {
  std::filesystem::path program;
  bool twice = false;  // does the work of each iteration twice
};

// How long a process lasted, by our clock, beyond the work that it reports; the least of
// several runs, infinite where none came to its end.
struct Remainders {
  double student = std::numeric_limits<double>::infinity();
  double reference = std::numeric_limits<double>::infinity();
  double reference_work = std::numeric_limits<double>::infinity();  // what it reports

  void add(const Remainders& others);
  [[nodiscard]] bool complete() const;

  // Whether the student's lasted longer than a clock that tells the truth explains.
  [[nodiscard]] bool clock_is_off() const;
};

struct Block {
  // Above 0 the student's program was the better one; infinite where the other's runs were
  // stopped; absent where both had a cell with no run to its end.
  std::optional<double> d;

  Remainders remainders;

  // The time of the base over the time of what is judged, by each program; not of a ratio.
  std::optional<double> student_gain;
  std::optional<double> reference_gain;
};

// A run after which nothing more can be measured.
struct Broke : std::exception {
  Broke(Side side_in, Measurement measurement_in)
      : side(side_in), measurement(std::move(measurement_in)) {}
  [[nodiscard]] const char* what() const noexcept override {
    return measurement.words.c_str();
  }
  Side side;
  Measurement measurement;
};

// 64 random bits, uniform.
using Random = std::function<std::uint64_t()>;

class Contest {
 public:
  Contest(const Gate& gate, Contestant student, Contestant reference, Runner runner,
          Random random);

  // Finds how many iterations take the reference about 10 ms. Throws Broke.
  void calibrate();

  // Runs the student's program once, for its answer alone. Throws Broke.
  void try_student();

  // Runs one block. Throws Broke.
  [[nodiscard]] Block next();

  // Whether the student's clock runs slow, or its process only needs long to set up and to
  // end: with three times the work, only a lie grows. Absent where every run was stopped.
  // Throws Broke.
  [[nodiscard]] std::optional<bool> student_clock_runs_slow();

  // Our clock's time of all runs so far.
  [[nodiscard]] double seconds() const { return seconds_; }

 private:
  // One configuration to be measured, and the best of its runs in this block.
  struct Cell {
    Side side;
    unsigned threads;
    std::string benchmark;
    bool is_base = false;  // of a gain: k threads, or the work that is compared with
    double best_seconds = std::numeric_limits<double>::infinity();
    double best_remainder = std::numeric_limits<double>::infinity();
  };

  // The least of several runs: the work reported, and how much longer the process lasted.
  struct Unreported {
    double reported = std::numeric_limits<double>::infinity();
    double beyond_it = std::numeric_limits<double>::infinity();
  };

  void run_student(std::uint64_t iterations, Unreported& least);
  [[nodiscard]] std::vector<Cell> cells() const;
  [[nodiscard]] std::vector<std::size_t> order();
  [[nodiscard]] std::vector<std::size_t> shuffled_rounds();
  Measurement run(Side side, unsigned threads, const std::string& benchmark);
  double best_of_three();
  void limit_after(const std::vector<double>& reference_runs);
  [[nodiscard]] static Remainders remainders_of(const std::vector<Cell>& cells);
  [[nodiscard]] Block compare(const std::vector<Cell>& cells) const;

  const Gate gate_;
  const Contestant student_;
  const Contestant reference_;
  const Runner runner_;
  const Random random_;
  std::uint64_t iterations_ = 1;
  double seconds_allowed_ = 60;
  double seconds_ = 0;
};

}  // namespace course::gate
