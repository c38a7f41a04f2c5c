// "sticky5", "sticky20", "sticky50": the running thread continues, but with 5, 20 or 50 %
// another one takes over, any of them.
//
// Few switches reach deep into a program before anything happens; many find what needs
// several of them close together.
#pragma once

#include <cstdint>
#include <string>

#include "interleave/search/random.hpp"
#include "interleave/search/side_choices.hpp"
#include "interleave/search/strategy.hpp"

namespace interleave {

class Sticky : public Strategy {
 public:
  Sticky(std::uint32_t percent, std::uint64_t seed) : percent_(percent), random_(seed) {}

  void begin_schedule() override { side_.begin_schedule(random_); }
  std::size_t choose(const Decision& decision) override;
  void end_schedule(const ScheduleEnd&) override { ++schedules_; }
  [[nodiscard]] std::string coverage() const override;
  [[nodiscard]] std::string_view name() const override;

 private:
  std::uint32_t percent_;
  Random random_;
  SideChoices side_;
  std::uint64_t schedules_ = 0;
};

}  // namespace interleave
