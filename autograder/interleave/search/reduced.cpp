#include "interleave/search/reduced.hpp"

#include <algorithm>

#include "interleave/search/dependence.hpp"
#include "interleave/trace/counted.hpp"

namespace interleave {
namespace {

bool same_step(const Operation& one, const Operation& other) {
  return one.thread == other.thread && one.kind == other.kind &&
         one.object == other.object;
}

}  // namespace

void Reduced::begin_schedule() {
  depth_ = 0;
  step_ = 0;
  asleep_.clear();
  redundant_ = false;
}

bool Reduced::sleeps(const std::vector<Sleeper>& sleepers, ThreadId thread) {
  return std::any_of(sleepers.begin(), sleepers.end(), [thread](const Sleeper& one) {
    return one.pending.thread == thread;
  });
}

// Who sleeps when `node` is left: who slept before, and who was explored from here.
void Reduced::leave_asleep(const Node& node) {
  asleep_ = node.sleep;
  for (const Way& way : node.ways) {
    if (way.done) asleep_.push_back({way.pending, way.wrote});
  }
}

std::size_t Reduced::choose(const Decision& decision) {
  if (too_long_) return 0;
  if (depth_ < path_.size()) return choose_again(path_[depth_++], decision);
  return choose_first(decision);
}

std::size_t Reduced::choose_again(Node& node, const Decision& decision) {
  if (node.kind != decision.kind || node.alternatives != decision.alternatives.size()) {
    diverged_ = true;
    return 0;
  }
  if (node.kind == DecisionKind::kThread) leave_asleep(node);
  return node.chosen;
}

std::size_t Reduced::choose_first(const Decision& decision) {
  Node node;
  node.kind = decision.kind;
  node.step = step_;
  node.alternatives = decision.alternatives.size();
  if (node.kind == DecisionKind::kThread) {
    if (redundant_) return kPrune;
    for (const Alternative& alternative : decision.alternatives) {
      node.ways.push_back({alternative.pending});
      node.ways.back().pending.thread = alternative.thread;
    }
    const auto awake = std::find_if(
        node.ways.begin(), node.ways.end(),
        [this](const Way& way) { return !sleeps(asleep_, way.pending.thread); });
    if (awake == node.ways.end()) return kPrune;
    awake->wanted = true;
    node.chosen = static_cast<std::size_t>(awake - node.ways.begin());
    node.sleep = asleep_;
  }
  path_.push_back(std::move(node));
  ++depth_;
  return path_.back().chosen;
}

void Reduced::executed(const Operation& operation, bool wrote) {
  too_long_ = too_long_ || step_ == kMostSteps;
  if (too_long_) return;
  if (sleeps(asleep_, operation.thread)) redundant_ = true;
  std::erase_if(asleep_, [&](const Sleeper& one) {
    return one.pending.thread == operation.thread ||
           dependent(one.pending, one.wrote, operation, wrote);
  });
  const std::size_t here = step_++;
  if (here < fresh_) {
    if (!same_step(order_[here].operation, operation)) diverged_ = true;
    return;
  }
  order_.add(operation, wrote, note_choices(wrote));
}

// Of the decisions about the step just executed: remembers whether it had an effect where
// its thread was chosen, and tells the others as one number.
std::uint64_t Reduced::note_choices(bool wrote) {
  std::uint64_t side = 0;
  for (std::size_t index = depth_; index-- > 0 && path_[index].step == step_ - 1;) {
    Node& node = path_[index];
    if (node.kind == DecisionKind::kThread) {
      node.ways[node.chosen].wrote |= wrote;
    } else {
      side = side * 64 + node.chosen + 1;
    }
  }
  return side;
}

// The decision about the thread of `step`; of a step that came without one, that of the
// steps of the same thread right before it.
std::size_t Reduced::node_before(std::size_t step) const {
  const auto behind = std::upper_bound(
      path_.begin(), path_.begin() + static_cast<std::ptrdiff_t>(depth_), step,
      [](std::size_t wanted, const Node& node) { return wanted < node.step; });
  auto index = static_cast<std::size_t>(behind - path_.begin());
  while (index-- > 0) {
    if (path_[index].kind == DecisionKind::kThread) break;
  }
  if (index == kNone) return kNone;
  for (std::size_t between = path_[index].step; between < step; ++between) {
    if (order_[between].operation.thread != order_[step].operation.thread) return kNone;
  }
  return index;
}

// Sees to it that a schedule in which `later` comes before `earlier` is explored.
void Reduced::want_reversal(std::size_t earlier, std::size_t later) {
  const std::size_t index = node_before(earlier);
  if (index == kNone) return;
  Node& node = path_[index];
  if (node.step != earlier) {
    for (Way& way : node.ways) way.wanted = true;
    return;
  }
  Way* beginner = nullptr;
  for (const HappensBefore::Who initial : order_.initials(earlier, later)) {
    if (sleeps(node.sleep, initial.thread)) return;
    for (Way& way : node.ways) {
      if (way.pending.thread != initial.thread) continue;
      if (way.wanted) return;
      beginner = &way;
    }
  }
  if (beginner != nullptr) beginner->wanted = true;
}

void Reduced::want_reversals() {
  for (std::size_t later = fresh_; later < order_.size(); ++later) {
    for (const HappensBefore::Index race : order_.races_of(later)) {
      want_reversal(race.step, later);
    }
  }
}

void Reduced::want_everything() {
  for (Node& node : path_) {
    for (Way& way : node.ways) way.wanted = true;
  }
}

// Moves `node` to what it still wants; false if that is nothing.
bool Reduced::advance(Node& node) {
  if (node.kind != DecisionKind::kThread) return ++node.chosen < node.alternatives;
  node.ways[node.chosen].done = true;
  for (std::size_t index = 0; index < node.ways.size(); ++index) {
    const Way& way = node.ways[index];
    if (!way.wanted || way.done || sleeps(node.sleep, way.pending.thread)) continue;
    node.chosen = index;
    return true;
  }
  return false;
}

void Reduced::end_schedule(const ScheduleEnd& end) {
  cut_ = cut_ || end.cut;
  if (too_long_) {
    finished_ = true;
    return;
  }
  if (depth_ < path_.size() || step_ < fresh_) diverged_ = true;
  path_.resize(std::min(depth_, path_.size()));
  want_reversals();
  if (end.failed) want_everything();
  if (!end.pruned) {
    behaviours_.insert({end.execution != 0 ? end.execution : order_.fingerprint()});
  }
  while (!path_.empty() && !advance(path_.back())) path_.pop_back();
  finished_ = path_.empty();
  fresh_ = finished_ ? 0 : path_.back().step;
  order_.forget_from(fresh_);
}

std::string Reduced::coverage() const {
  const std::string count = counted(behaviours_.size(), "behaviour");
  if (exhaustive()) {
    return behaviours_.size() == 1 ? "the only behaviour checked"
                                   : "all " + count + " checked";
  }
  if (too_long_) return "partial-order reduction: not tried, the schedules are too long";
  return "partial-order reduction: " + count + ", not all" +
         (diverged_ ? " (the body changes from run to run)" : "") +
         (cut_ ? std::string(kCutNote) : "");
}

}  // namespace interleave
