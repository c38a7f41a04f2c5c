#include "simulated_machine.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <numbers>

namespace course::gate {
namespace {

double uniform(Draw& draw, double from, double to) {
  return std::uniform_real_distribution(from, to)(draw);
}

double exponential(Draw& draw, double mean) {
  return std::exponential_distribution(1 / mean)(draw);
}

Noise quiet(Draw& draw) {
  Noise noise;
  noise.of_process = [&draw](const std::string&) {
    return 1 + 0.01 * std::fabs(std::normal_distribution(0.0, 1.0)(draw));
  };
  return noise;
}

Noise thermal(Draw& draw) {
  Noise noise = quiet(draw);
  const double phase = uniform(draw, 0, 2 * std::numbers::pi);
  noise.slowdown = [phase](double now) { return 1.3 + 0.3 * std::sin(2 * now + phase); };
  return noise;
}

Noise shared_ci(Draw& draw) {
  Noise noise;
  noise.of_process = [&draw](const std::string&) {
    return std::lognormal_distribution(0.0, 0.25)(draw);
  };
  noise.slowdown = [&draw, stalled_until = 0.0](double now) mutable {
    if (now < stalled_until) return std::numeric_limits<double>::infinity();
    if (uniform(draw, 0, 1) < 0.005) stalled_until = now + exponential(draw, 0.020);
    return 1.0;
  };
  return noise;
}

// Half of each 100 ms may be used; then the group is stopped until the next period.
Noise cfs_quota(Draw& draw) {
  Noise noise = quiet(draw);
  const double phase = uniform(draw, 0, 0.1);
  noise.slowdown = [phase](double now) {
    const bool used_up = std::fmod(now + phase, 0.1) >= 0.05;
    return used_up ? std::numeric_limits<double>::infinity() : 1.0;
  };
  return noise;
}

Noise neighbour_arriving(Draw& draw) {
  Noise noise = quiet(draw);
  const double arrival = uniform(draw, 0, 3);
  noise.slowdown = [arrival](double now) { return now < arrival ? 1.0 : 1.8; };
  return noise;
}

Noise bursts(Draw& draw) {
  Noise noise = quiet(draw);
  noise.slowdown = [&draw, in_burst = false, until = 0.0](double now) mutable {
    while (now >= until) {
      in_burst = !in_burst;
      until += exponential(draw, 0.030);
    }
    return in_burst ? 3.0 : 1.0;
  };
  return noise;
}

// Where the linker and the loader put a program makes it faster or slower: for good, and
// once more at each start.
Noise layout_bias(Draw& draw) {
  Noise noise;
  noise.of_process = [&draw, biases = std::map<std::string, double>()](
                         const std::string& program) mutable {
    if (!biases.contains(program)) biases[program] = uniform(draw, 0.95, 1.05);
    return biases[program] * uniform(draw, 1, 1.2);
  };
  return noise;
}

// A run is slowed by the heat, or by the dirt in the caches, that the runs before it left;
// the student's leave more than the reference's.
Noise carry_over(Draw& draw) {
  Noise noise;
  noise.of_process = [&draw, left = 0.0](const std::string& program) mutable {
    const double slowdown = 1 + left + uniform(draw, 0, 0.02);
    left = 0.4 * left + (program == "student" ? 0.3 : 0.1);
    return slowdown;
  };
  return noise;
}

}  // namespace

const std::array<NoiseKind, 8>& kinds_of_noise() {
  static const std::array<NoiseKind, 8> kinds = {
      {{"quiet", quiet},
       {"thermal", thermal},
       {"shared CI", shared_ci},
       {"CFS quota", cfs_quota},
       {"neighbour arriving", neighbour_arriving},
       {"3x bursts", bursts},
       {"layout bias", layout_bias},
       {"carry-over", carry_over}}};
  return kinds;
}

void SimulatedMachine::work(double seconds) {
  constexpr double longest_step = 0.0005;
  while (seconds > 1e-12) {
    const double slowdown = noise_.slowdown(now_);
    const double step = std::min(longest_step, seconds * slowdown);
    seconds -= step / slowdown;
    now_ += step;
  }
}

Measurement SimulatedMachine::measure(const Run& run) {
  constexpr double start_of_a_process = 0.0015;
  const std::string name = run.program.string();
  const SimulatedProgram& program = name == "student" ? student : reference;
  const double slowdown = noise_.of_process(name);
  const bool gains = run.threads == 2 && run.benchmark != "Base";
  const double gain = gains ? program.gain_of_two : 1;
  const double started = now_;
  work(start_of_a_process * slowdown);
  const double ready = now_;
  work(static_cast<double>(run.iterations) * program.seconds_per_iteration * slowdown *
       (run.twice ? 2 : 1) / gain);
  Measurement measurement;
  measurement.end = End::measured;
  measurement.seconds = program.clock_speed * (now_ - ready);
  work(program.seconds_to_end * slowdown);
  measurement.our_clock = now_ - started;
  if (measurement.our_clock > run.seconds_allowed) {
    measurement.end = End::stopped;
    measurement.our_clock = run.seconds_allowed;
    now_ = started + run.seconds_allowed;
  }
  return measurement;
}

}  // namespace course::gate
