// A small, seeded source of numbers: the same on every machine and in every library.
//
// SplitMix64 (Steele, Lea, Flood 2014). Not std::mt19937: its templates would be shared
// with the student's instrumented copies of them.
#pragma once

#include <cstdint>

namespace interleave {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31);
  }

  // Uniform in [0, bound); bound > 0. The bias of the remainder is below 2^-40 for every
  // bound that a schedule can ask for.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

  [[nodiscard]] bool chance(double probability) {
    return static_cast<double>(next() >> 11) * 0x1p-53 < probability;
  }

 private:
  std::uint64_t state_;
};

}  // namespace interleave
