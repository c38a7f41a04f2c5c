// What there is to find in a simulated program: every schedule, by depth-first search
// without any reduction; and small random programs to try strategies on.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "interleave/search/random.hpp"
#include "simulated_program.hpp"

namespace interleave::simulation {

struct Seen {
  std::uint64_t schedules = 0;
  std::uint64_t pruned = 0;
  bool finished = false;
  std::map<std::uint64_t, std::uint64_t> traces;  // with how many schedules showed each
  std::set<std::string> outcomes;
};

// Runs `strategy` until it has finished, or `most` schedules (those given up included).
[[nodiscard]] Seen explore(const Program& program, Strategy& strategy,
                           std::uint64_t most);

// A program of two or three threads with two to four instructions each, over two
// locations, two mutexes, a condition and a semaphore.
[[nodiscard]] Program random_program(Random& random, bool weak);

// For failure messages.
[[nodiscard]] std::string text_of(const Program& program);

}  // namespace interleave::simulation
