#include "interleave/search/reduced.hpp"

#include <algorithm>
#include <utility>

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
  node.since = walked_;
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
    if (node.kind != DecisionKind::kThread) {
      side = side * 64 + node.chosen + 1;
    } else if (wrote && !std::exchange(node.ways[node.chosen].wrote, true) &&
               index < above_) {
      notices_.push_back({Notice::What::kWrote, false, static_cast<std::uint32_t>(index),
                          static_cast<std::uint32_t>(node.chosen)});
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
  const Node& node = path_[index];
  if (node.step != earlier) return want_all(index);
  beginners_.clear();
  for (const HappensBefore::Who initial : order_.initials(earlier, later)) {
    if (sleeps(node.sleep, initial.thread)) return;
    for (std::uint32_t way = 0; way < node.ways.size(); ++way) {
      if (node.ways[way].pending.thread != initial.thread) continue;
      if (node.ways[way].wanted) return;
      beginners_.push_back(way);
    }
  }
  want_one_of(index, beginners_);
}

// The last, unless another is wanted already.
void Reduced::want_one_of(std::size_t index, const std::vector<std::uint32_t>& ways) {
  Node& node = path_[index];
  const bool is_wanted =
      std::any_of(ways.begin(), ways.end(),
                  [&node](std::uint32_t way) { return node.ways[way].wanted; });
  if (is_wanted || ways.empty()) return;
  if (index >= above_) {
    node.ways[ways.back()].wanted = true;
  } else if (noticed_.emplace(index, ways).second) {
    for (const std::uint32_t way : ways) {
      notices_.push_back(
          {Notice::What::kWant, true, static_cast<std::uint32_t>(index), way});
    }
    notices_.back().or_next = false;
  }
}

void Reduced::want_all(std::size_t index) {
  for (std::uint32_t way = 0; way < path_[index].ways.size(); ++way) {
    want_one_of(index, {way});
  }
}

void Reduced::want_reversals() {
  for (std::size_t later = fresh_; later < order_.size(); ++later) {
    for (const HappensBefore::Index race : order_.races_of(later)) {
      want_reversal(race.step, later);
    }
  }
}

// Moves `node` to what it still wants; false if that is nothing.
bool Reduced::advance(Node& node) const {
  node.since = walked_;
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
  ++walked_;
  cut_ = cut_ || end.cut;
  if (!too_long_) {
    if (depth_ < path_.size() || step_ < fresh_) diverged_ = true;
    path_.resize(std::min(depth_, path_.size()));
    want_reversals();
    for (std::size_t node = 0; end.failed && node < path_.size(); ++node) want_all(node);
    tally_ = end.execution != 0 ? end.execution : order_.fingerprint();
    if (!end.pruned && above_ == 0) behaviours_.insert({tally_});
    move_on();
  }
  finished_ = finished_ || too_long_;
  if (above_ != 0) note_end();
}

// To the last decision that still wants something.
void Reduced::move_on() {
  while (path_.size() > above_ && !advance(path_.back())) path_.pop_back();
  finished_ = path_.size() <= above_;
  fresh_ = finished_ ? 0 : path_.back().step;
  order_.forget_from(fresh_);
  miss_what_is_passed();
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
