// "pos": partial order sampling (Yuan, Yang, Gu 2018).
//
// Every pending operation has a random priority; the highest that can run, runs. What it
// was in a race with draws a new one. So the order of two operations that depend on each
// other is drawn afresh whenever they meet, and operations that do not are not spent on:
// schedules that only differ in the order of independent operations are sampled as one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "interleave/search/random.hpp"
#include "interleave/search/side_choices.hpp"
#include "interleave/search/strategy.hpp"

namespace interleave {

class Pos : public Strategy {
 public:
  explicit Pos(std::uint64_t seed) : random_(seed) {}

  void begin_schedule() override;
  std::size_t choose(const Decision& decision) override;
  void end_schedule(const ScheduleEnd&) override { ++schedules_; }
  [[nodiscard]] std::string coverage() const override;
  [[nodiscard]] std::string_view name() const override { return "pos"; }

 private:
  static constexpr std::uint64_t kUndrawn = 0;
  struct Pending {
    std::uint64_t priority = kUndrawn;
  };

  void draw_missing(const Decision& decision);
  [[nodiscard]] std::size_t highest(const Decision& decision, bool with_reluctant) const;

  Random random_;
  SideChoices side_;
  std::vector<Pending> threads_;
  std::uint64_t schedules_ = 0;
};

}  // namespace interleave
