// A machine that is not there: runs simulated gate programs in simulated time, under one of
// the kinds of noise that real machines have. 100,000 runs take it well under a second.
//
// A program is known by its name: "student" or "reference". Everything is drawn from one
// seed, so that a trial comes out the same again.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <random>
#include <string>

#include "gate/gate.hpp"
#include "gate/measurement.hpp"

namespace course::gate {

// What is judged on it.
inline const Gate speed = {
    .name = "Work", .kind = Kind::ratio, .told = 0.80, .threads = 1};
inline const Gate scaling = {
    .name = "Work", .kind = Kind::scaling, .told = 0.80, .threads = 1};
inline const Gate gaining = {
    .name = "Work", .kind = Kind::gain, .told = 0.80, .threads = 2, .over = "Base"};
inline const Gate claiming = {.name = "Work",
                              .kind = Kind::claim,
                              .threads = 2,
                              .over = "Base",
                              .claimed = {1.5, 2.5}};

using Draw = std::mt19937_64;

// How a machine's speed varies. Both are called in the order of simulated time.
struct Noise {
  // How many times longer work takes at `now` than on the idle machine; infinity: it stalls.
  std::function<double(double now)> slowdown = [](double) { return 1.0; };
  // … and for one process from its start to its end.
  std::function<double(const std::string& program)> of_process = [](const std::string&) {
    return 1.0;
  };
};

struct NoiseKind {
  std::string name;
  std::function<Noise(Draw&)> make;  // the Draw must outlive the noise
};

// quiet, thermal, shared CI, CFS quota, neighbour arriving, 3x bursts half of the time,
// layout bias, carry-over.
[[nodiscard]] const std::array<NoiseKind, 8>& kinds_of_noise();

struct SimulatedProgram {
  double seconds_per_iteration = 1e-5;
  double gain_of_two = 1.9;   // with twice the threads over without; of Work over Base
  double seconds_to_end = 0;  // after the measured work, until the process is gone
  double clock_speed = 1;     // what its clock shows of each second
};

class SimulatedMachine {
 public:
  SimulatedMachine(const NoiseKind& kind, std::uint64_t seed)
      : draw_(seed), noise_(kind.make(draw_)) {}
  SimulatedMachine(const SimulatedMachine&) = delete;
  SimulatedMachine& operator=(const SimulatedMachine&) = delete;

  // The machine must outlive the runner.
  [[nodiscard]] Runner runner() {
    return [this](const Run& run) { return measure(run); };
  }

  SimulatedProgram student;
  SimulatedProgram reference;

 private:
  Measurement measure(const Run& run);
  void work(double seconds);

  Draw draw_;
  Noise noise_;
  double now_ = 0;
};

}  // namespace course::gate
