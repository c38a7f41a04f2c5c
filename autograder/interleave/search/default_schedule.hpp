// "default": one schedule, every decision at its default. The program as it runs
// undisturbed.
#pragma once

#include "interleave/search/strategy.hpp"

namespace interleave {

class DefaultSchedule : public Strategy {
 public:
  void begin_schedule() override {}
  std::size_t choose(const Decision&) override { return 0; }
  void end_schedule(const ScheduleEnd& end) override {
    ended_ = true;
    decisions_ = end.decisions;
  }
  [[nodiscard]] bool finished() const override { return ended_; }
  // Nothing was ever to be decided: there is no other schedule.
  [[nodiscard]] bool exhaustive() const override { return ended_ && decisions_ == 0; }
  [[nodiscard]] std::string coverage() const override {
    if (exhaustive()) return "the only schedule there is";
    return ended_ ? "the schedule without preemption" : "nothing";
  }
  [[nodiscard]] std::string_view name() const override { return "default"; }

 private:
  bool ended_ = false;
  std::uint32_t decisions_ = 0;
};

}  // namespace interleave
