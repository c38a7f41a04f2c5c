#include "interleave/search/pos.hpp"

#include "interleave/search/dependence.hpp"
#include "interleave/search/side_choices.hpp"
#include "interleave/trace/counted.hpp"

namespace interleave {
namespace {

bool somebody_is_willing(const Decision& decision) {
  for (const Alternative& alternative : decision.alternatives) {
    if (!alternative.reluctant) return true;
  }
  return false;
}

}  // namespace

void Pos::begin_schedule() {
  side_.begin_schedule(random_);
  for (Pending& pending : threads_) pending = Pending{};
}

void Pos::draw_missing(const Decision& decision) {
  for (const Alternative& alternative : decision.alternatives) {
    if (alternative.thread >= threads_.size()) threads_.resize(alternative.thread + 1);
    Pending& pending = threads_[alternative.thread];
    const bool is_new = alternative.thread == decision.running;
    if (is_new || pending.priority == kUndrawn) pending.priority = random_.next() | 1U;
  }
}

std::size_t Pos::highest(const Decision& decision, bool with_reluctant) const {
  std::size_t best = decision.alternatives.size();
  for (std::size_t index = 0; index < decision.alternatives.size(); ++index) {
    const Alternative& alternative = decision.alternatives[index];
    if (alternative.reluctant && !with_reluctant) continue;
    if (best == decision.alternatives.size() ||
        threads_[alternative.thread].priority >
            threads_[decision.alternatives[best].thread].priority) {
      best = index;
    }
  }
  return best;
}

std::size_t Pos::choose(const Decision& decision) {
  if (decision.kind != DecisionKind::kThread) return side_.choose(decision, random_);
  draw_missing(decision);
  const bool early = random_.chance(kTimeOutEarly);
  const std::size_t chosen = highest(decision, early || !somebody_is_willing(decision));
  const Alternative& winner = decision.alternatives[chosen];
  for (const Alternative& other : decision.alternatives) {
    if (other.thread == winner.thread || dependent(winner.pending, other.pending)) {
      threads_[other.thread].priority = kUndrawn;
    }
  }
  return chosen;
}

std::string Pos::coverage() const {
  return "partial order sampling: " + counted(schedules_, "schedule");
}

}  // namespace interleave
