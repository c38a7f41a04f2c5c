#include "interleave/search/depth_first.hpp"

#include <algorithm>

#include "interleave/trace/counted.hpp"

namespace interleave {
namespace {

// The width of Branch::costly. Nothing the course runs comes near it; where a decision is
// wider, the rest is left out, and said to be.
constexpr std::size_t kWidest = 64;

bool is_deviation(const Decision& decision, std::size_t index) {
  const bool free =
      decision.kind == DecisionKind::kWaiter || decision.kind == DecisionKind::kEvent;
  if (index == 0 || free) return false;
  if (decision.kind != DecisionKind::kThread || decision.running_can_go_on) return true;
  return decision.alternatives[index].reluctant && !decision.alternatives[0].reluctant;
}

}  // namespace

void DepthFirst::begin_schedule() { depth_ = 0; }

DepthFirst::Branch DepthFirst::branch_at(const Decision& decision) {
  Branch branch;
  branch.alternatives =
      static_cast<std::uint32_t>(std::min(decision.alternatives.size(), kWidest));
  for (std::size_t index = 0; index < branch.alternatives; ++index) {
    if (is_deviation(decision, index)) branch.costly |= std::uint64_t{1} << index;
  }
  return branch;
}

std::uint32_t DepthFirst::spent_after(const Branch& branch) {
  return branch.spent_before + ((branch.costly >> branch.chosen) & 1U ? 1 : 0);
}

std::size_t DepthFirst::choose(const Decision& decision) {
  const std::size_t here = depth_++;
  if (here == path_.size()) {
    Branch branch = branch_at(decision);
    if (here > 0) branch.spent_before = spent_after(path_.back());
    if (decision.alternatives.size() > kWidest) left_out_ = true;
    path_.push_back(branch);
  }
  const Branch& branch = path_[here];
  if (branch.chosen >= decision.alternatives.size()) {
    diverged_ = true;
    return 0;
  }
  return branch.chosen;
}

// Moves `branch` to its next alternative within the bound; false if there is none.
bool DepthFirst::advance(Branch& branch) {
  while (++branch.chosen < branch.alternatives) {
    if (spent_after(branch) <= bound_) return true;
    left_out_ = true;
  }
  return false;
}

void DepthFirst::end_schedule(const ScheduleEnd& end) {
  cut_ = cut_ || end.cut;
  ++schedules_;
  if (depth_ < path_.size()) diverged_ = true;
  path_.resize(std::min(depth_, path_.size()));
  while (!path_.empty() && !advance(path_.back())) path_.pop_back();
  finished_ = path_.empty();
}

bool DepthFirst::exhaustive() const {
  return finished_ && !left_out_ && !diverged_ && !cut_;
}

std::string DepthFirst::coverage() const {
  const std::string count = counted(schedules_, "schedule");
  if (exhaustive()) return "all " + count + " checked";
  const std::string changing = (diverged_ ? " (the body changes from run to run)" : "") +
                               (cut_ ? std::string(kCutNote) : "");
  if (bound_ == kUnbounded) return "depth-first: " + count + changing;
  const std::string share = finished_ && !diverged_ ? "all " : "not all, but ";
  return counted(bound_, "preemption") + ": " + share + count + changing;
}

std::string_view DepthFirst::name() const {
  constexpr std::string_view kNames[] = {"bounded0", "bounded1", "bounded2"};
  return bound_ < std::size(kNames) ? kNames[bound_] : "exhaustive";
}

}  // namespace interleave
