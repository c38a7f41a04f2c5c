// The strategy that repeats a schedule: the default everywhere but at the given decisions.
#pragma once

#include <string>
#include <utility>

#include "interleave/runtime/token.hpp"
#include "interleave/search/strategy.hpp"

namespace interleave {

class Replay final : public Strategy {
 public:
  explicit Replay(Deviations deviations) : deviations_(std::move(deviations)) {}

  void begin_schedule() override { next_ = 0; }

  std::size_t choose(const Decision& decision) override {
    const auto behind = [&](const Deviation& next) {
      return next.decision < decision.number;
    };
    while (next_ < deviations_.size() && behind(deviations_[next_])) ++next_;
    if (next_ == deviations_.size() || deviations_[next_].decision != decision.number) {
      return 0;
    }
    const std::size_t index = deviations_[next_++].alternative;
    return index < decision.alternatives.size() ? index : 0;
  }

  void end_schedule(const ScheduleEnd&) override { finished_ = true; }
  [[nodiscard]] bool finished() const override { return finished_; }
  [[nodiscard]] std::string coverage() const override { return "one schedule, replayed"; }
  [[nodiscard]] std::string_view name() const override { return "replay"; }

 private:
  Deviations deviations_;
  std::size_t next_ = 0;
  bool finished_ = false;
};

}  // namespace interleave
