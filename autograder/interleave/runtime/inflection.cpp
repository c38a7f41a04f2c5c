#include "interleave/runtime/inflection.hpp"

#include <algorithm>
#include <string_view>

namespace interleave {
namespace {

// Likewise; each schedule of a proof has a process.
constexpr std::uint64_t kMostSchedules = 200;

// The first decisions of a schedule as they were, the others as another strategy says.
class Kept final : public Strategy {
 public:
  Kept(const std::vector<std::uint32_t>& choices, std::size_t count, Strategy& rest)
      : choices_(choices), count_(count), rest_(rest) {}

  void begin_schedule() override { rest_.begin_schedule(); }
  std::size_t choose(const Decision& decision) override {
    if (decision.number >= count_) {
      Decision later = decision;
      later.number -= static_cast<std::uint32_t>(count_);
      return rest_.choose(later);
    }
    const std::size_t index = choices_[decision.number];
    return index < decision.alternatives.size() ? index : 0;
  }
  // Of the kept steps too: those behind them depend on them.
  void executed(const Operation& operation, bool wrote) override {
    rest_.executed(operation, wrote);
  }
  [[nodiscard]] bool wants_operations() const override {
    return rest_.wants_operations();
  }
  void end_schedule(const ScheduleEnd& end) override { rest_.end_schedule(end); }
  [[nodiscard]] bool finished() const override { return rest_.finished(); }
  [[nodiscard]] bool exhaustive() const override { return rest_.exhaustive(); }
  [[nodiscard]] std::string coverage() const override { return rest_.coverage(); }
  [[nodiscard]] std::string_view name() const override { return "kept"; }

 private:
  const std::vector<std::uint32_t>& choices_;
  std::size_t count_;
  Strategy& rest_;
};

struct Attempt {
  std::string_view strategy;
  std::uint64_t schedules;
};

constexpr Attempt kLikely[] = {{"default", 1}, {"sticky5", 10}, {"sticky50", 10}};

void try_to_go_on(const std::vector<std::uint32_t>& choices, const Attempt& attempt,
                  const RunSchedule& run, WaysOn& ways) {
  const auto rest = make_strategy(attempt.strategy, {1, attempt.schedules});
  Kept strategy(choices, ways.kept, *rest);
  bool doubtful = false;  // one could not be run to its end
  std::uint64_t steps = 0;
  for (std::uint64_t turn = 0; turn < attempt.schedules && steps < kMostStepsOfAProof;
       ++turn) {
    if (strategy.finished()) break;
    const Ending ending = run(strategy);
    steps += ending.steps;
    if (ending.pruned) continue;
    ++ways.schedules;
    doubtful |= ending.kind == FailureKind::kUnsupported;
    ways.one_succeeds = ending.kind == FailureKind::kNone;
    if (ways.one_succeeds) return;
  }
  ways.all = strategy.exhaustive() && !doubtful;
}

}  // namespace

WaysOn last_way_out(const std::vector<std::uint32_t>& choices, std::size_t least,
                    const RunSchedule& run) {
  WaysOn found;
  found.kept = choices.size() + 1;
  while (least < found.kept) {
    WaysOn ways;
    ways.kept = (least + found.kept) / 2;
    for (const Attempt& attempt : kLikely) {
      if (!ways.one_succeeds) try_to_go_on(choices, attempt, run, ways);
    }
    if (ways.one_succeeds) {
      least = ways.kept + 1;
    } else {
      found = ways;
    }
  }
  return found;
}

WaysOn ways_on(const std::vector<std::uint32_t>& choices, std::size_t kept,
               const RunSchedule& run) {
  WaysOn ways;
  ways.kept = kept;
  try_to_go_on(choices, {"reduced", kMostSchedules}, run, ways);
  return ways;
}

}  // namespace interleave
