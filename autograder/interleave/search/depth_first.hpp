// "bounded0", "bounded1", "bounded2", "exhaustive": depth-first through the tree of
// decisions.
//
//   walked now   0 1 0 2 0 1        After each schedule its last decision that has an
//   next         0 1 0 2 1           alternative left takes it; all behind start again at
//                        ^           the default.
//
// What counts against the bound (Musuvathi, Qadeer 2007: most bugs need two preemptions
// at most) is every deviation that the program did not ask for: a preemption, a time-out
// while others can run, a stale store, an unusual place in modification order, a spurious
// failure. Who runs after a thread has blocked, and which waiter is woken, is free.
//
// Invariants
//   I1  Every schedule within the bound is walked exactly once.
//   I2  Memory grows with the length of a schedule, not with their number.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "interleave/search/strategy.hpp"

namespace interleave {

class DepthFirst : public Strategy {
 public:
  static constexpr std::uint32_t kUnbounded = std::numeric_limits<std::uint32_t>::max();

  explicit DepthFirst(std::uint32_t bound) : bound_(bound) {}

  void begin_schedule() override;
  std::size_t choose(const Decision& decision) override;
  void end_schedule(const ScheduleEnd& end) override;
  [[nodiscard]] bool finished() const override { return finished_; }
  [[nodiscard]] bool exhaustive() const override;
  [[nodiscard]] std::string coverage() const override;
  [[nodiscard]] std::string_view name() const override;

 private:
  struct Branch {
    std::uint32_t alternatives = 0;
    std::uint32_t chosen = 0;
    std::uint32_t spent_before = 0;  // deviations on the way to this decision
    std::uint64_t costly = 0;        // bit i: alternative i is a deviation
  };

  [[nodiscard]] static Branch branch_at(const Decision& decision);
  [[nodiscard]] static std::uint32_t spent_after(const Branch& branch);
  bool advance(Branch& branch);

  std::uint32_t bound_;
  std::vector<Branch> path_;
  std::size_t depth_ = 0;
  std::uint64_t schedules_ = 0;
  bool finished_ = false;
  bool left_out_ = false;  // the bound cut something off
  bool cut_ = false;       // a schedule did not follow a loop to its end
  bool diverged_ = false;  // the same choices led elsewhere: the body has hidden state
};

}  // namespace interleave
