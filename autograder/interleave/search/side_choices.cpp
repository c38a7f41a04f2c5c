#include "interleave/search/side_choices.hpp"

namespace interleave {
namespace {

constexpr double kMoods[] = {0.05, 0.2, 0.5};

std::size_t willing_threads(const Decision& decision) {
  std::size_t count = 0;
  for (const Alternative& alternative : decision.alternatives) {
    count += alternative.reluctant ? 0 : 1;
  }
  return count;
}

}  // namespace

void SideChoices::begin_schedule(Random& random) {
  const bool quiet = random.chance(0.5);
  const double mood = kMoods[random.below(std::size(kMoods))];
  deviation_ = quiet ? 0 : mood;
}

std::size_t SideChoices::choose(const Decision& decision, Random& random) const {
  if (quiet()) return 0;
  const std::size_t count = decision.alternatives.size();
  if (decision.kind == DecisionKind::kWaiter || decision.kind == DecisionKind::kEvent) {
    return random.below(count);
  }
  // A spurious failure is retried, mostly; too many of them only make schedules longer.
  const bool spurious = decision.kind == DecisionKind::kSpurious;
  if (!random.chance(spurious ? deviation_ / 4 : deviation_)) return 0;
  return 1 + random.below(count - 1);
}

std::size_t any_thread(const Decision& decision, Random& random) {
  const std::size_t count = decision.alternatives.size();
  const std::size_t willing = willing_threads(decision);
  if (willing == 0 || willing == count || random.chance(kTimeOutEarly)) {
    return random.below(count);
  }
  std::size_t skip = random.below(willing);
  for (std::size_t index = 0; index < count; ++index) {
    if (decision.alternatives[index].reluctant) continue;
    if (skip-- == 0) return index;
  }
  return 0;
}

}  // namespace interleave
