#include "interleave/runtime/inflection.hpp"

#include <algorithm>
#include <string_view>

namespace interleave {
namespace {

// For each number of kept decisions. Counted, not timed: the same on every machine.
constexpr std::uint64_t kMostSchedules = 500;
constexpr std::uint64_t kMostSteps = 50'000;

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
  [[nodiscard]] bool wants_operations() const override { return rest_.wants_operations(); }
  void end_schedule(const ScheduleEnd& end) override {
    ScheduleEnd later = end;
    later.decisions -= static_cast<std::uint32_t>(count_);
    rest_.end_schedule(later);
  }
  [[nodiscard]] bool finished() const override { return rest_.finished(); }
  [[nodiscard]] bool exhaustive() const override { return rest_.exhaustive(); }
  [[nodiscard]] std::string coverage() const override { return rest_.coverage(); }
  [[nodiscard]] std::string_view name() const override { return "kept"; }

 private:
  const std::vector<std::uint32_t>& choices_;
  std::size_t count_;
  Strategy& rest_;
};

// The ways to go on after some decisions.
struct WaysOn {
  bool one_succeeds = false;
  bool all = false;
  std::uint64_t schedules = 0;
  std::uint64_t steps = 0;
  bool doubtful = false;  // one could not be run to its end
};

struct Attempt {
  std::string_view strategy;
  std::uint64_t schedules;
};

// What is likely to end well comes first: it is found sooner than that nothing does.
constexpr Attempt kAttempts[] = {
    {"default", 1}, {"sticky5", 10}, {"sticky50", 10}, {"reduced", kMostSchedules}};

void try_to_go_on(const std::vector<std::uint32_t>& choices, std::size_t kept,
                  const Attempt& attempt, const RunSchedule& run, WaysOn& ways) {
  const auto rest = make_strategy(attempt.strategy, {1, attempt.schedules});
  Kept strategy(choices, kept, *rest);
  std::uint64_t schedules = 0;
  for (std::uint64_t turn = 0; turn < attempt.schedules && ways.steps < kMostSteps; ++turn) {
    if (strategy.finished()) break;
    const RunResult result = run(strategy);
    ways.steps += result.steps;
    if (result.pruned) continue;
    ++schedules;
    ways.doubtful |= result.failure.kind == FailureKind::kUnsupported;
    ways.one_succeeds = !result.failure;
    if (ways.one_succeeds) return;
  }
  ways.all = strategy.exhaustive();
  ways.schedules = ways.all ? schedules : std::max(ways.schedules, schedules);
}

WaysOn ways_on(const std::vector<std::uint32_t>& choices, std::size_t kept,
               const RunSchedule& run) {
  WaysOn ways;
  for (const Attempt& attempt : kAttempts) {
    try_to_go_on(choices, kept, attempt, run, ways);
    if (ways.one_succeeds || ways.all) break;
  }
  ways.all = ways.all && !ways.doubtful;
  return ways;
}

}  // namespace

Inflection find_inflection(const std::vector<std::uint32_t>& choices,
                           const RunSchedule& run) {
  Inflection found;
  std::size_t succeeds_below = 0;  // with fewer kept than this, some way on ends well
  std::size_t fails_from = choices.size() + 1;  // with so many kept, none does
  while (succeeds_below < fails_from) {
    const std::size_t kept = (succeeds_below + fails_from) / 2;
    const WaysOn ways = ways_on(choices, kept, run);
    if (ways.one_succeeds) {
      succeeds_below = kept + 1;
      continue;
    }
    fails_from = kept;
    found = {true, ways.all, static_cast<std::uint32_t>(kept), ways.schedules};
  }
  return found;
}

}  // namespace interleave
