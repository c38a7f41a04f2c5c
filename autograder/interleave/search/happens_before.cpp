#include "interleave/search/happens_before.hpp"

#include <algorithm>

#include "interleave/search/dependence.hpp"
#include "interleave/search/random.hpp"

namespace interleave {
namespace {

std::uint64_t mixed(std::uint64_t one, std::uint64_t other) {
  return Random(Random(one).next() ^ other).next();
}

}  // namespace

void HappensBefore::forget_from(std::size_t step) {
  if (step >= steps_.size()) return;
  ticks_.resize(steps_[step].clock);
  steps_.resize(step);
}

std::uint32_t HappensBefore::tick(const Step& step, ThreadId thread) const {
  return thread < step.clock_size ? ticks_[step.clock + thread].count : 0;
}

std::size_t HappensBefore::last_step_of(ThreadId thread, std::size_t before) const {
  while (before-- > 0) {
    if (steps_[before].operation.thread == thread) return before;
  }
  return kNone;
}

std::size_t HappensBefore::creation_of(ThreadId thread, std::size_t before) const {
  while (before-- > 0) {
    const Operation& operation = steps_[before].operation;
    if (operation.kind == OperationKind::kThreadCreate && operation.object == thread) {
      return before;
    }
  }
  return kNone;
}

// Raises the clock of `into`, which is the last in ticks_, by that of `from`.
void HappensBefore::join(Step& into, std::size_t from) {
  const Step& source = steps_[from];
  if (source.clock_size > into.clock_size) {
    into.clock_size = source.clock_size;
    ticks_.resize(into.clock + into.clock_size);
  }
  for (std::uint32_t thread = 0; thread < source.clock_size; ++thread) {
    Tick& here = ticks_[into.clock + thread];
    here.count = std::max(here.count, ticks_[source.clock + thread].count);
  }
}

// Its thread, its number there and what happens before it tell a step from all others.
std::uint64_t HappensBefore::print_of(const Step& step, std::uint64_t side) const {
  std::uint64_t print = mixed(step.operation.thread, side * 2 + (step.wrote ? 1 : 0));
  for (std::uint32_t thread = 0; thread < step.clock_size; ++thread) {
    const std::uint64_t count = ticks_[step.clock + thread].count;
    if (count > 0) print = mixed(print, (std::uint64_t{thread} << 32) + count);
  }
  return print;
}

void HappensBefore::add(const Operation& operation, bool wrote, std::uint64_t side) {
  const std::size_t here = steps_.size();
  Step step{operation, wrote, 1, ticks_.size(), operation.thread + 1, 0};
  ticks_.resize(step.clock + step.clock_size);
  const std::size_t previous = last_step_of(operation.thread, here);
  if (previous != kNone) {
    step.number = steps_[previous].number + 1;
    join(step, previous);
  } else if (const std::size_t creation = creation_of(operation.thread, here);
             creation != kNone) {
    join(step, creation);
  }
  for (std::size_t earlier = here; earlier-- > 0;) {
    const Step& other = steps_[earlier];
    if (tick(step, other.operation.thread) >= other.number) continue;
    const bool ended = operation.kind == OperationKind::kThreadJoin &&
                       operation.object == other.operation.thread;
    if (ended || dependent(other.operation, other.wrote, operation, wrote)) {
      join(step, earlier);
    }
  }
  ticks_[step.clock + operation.thread].count = step.number;
  step.print = print_of(step, side) + (here == 0 ? 0 : steps_.back().print);
  steps_.push_back(step);
}

std::uint64_t HappensBefore::fingerprint() const {
  return steps_.empty() ? 0 : steps_.back().print;
}

bool HappensBefore::ordered(std::size_t earlier, std::size_t later) const {
  const Step& first = steps_[earlier];
  return tick(steps_[later], first.operation.thread) >= first.number;
}

// Whether `earlier` comes before `later` whatever `later` itself does: because its thread
// had seen it, was created after it, or joins the thread that did it.
bool HappensBefore::known_before(std::size_t earlier, std::size_t later) const {
  const Operation& operation = steps_[later].operation;
  const std::size_t previous = last_step_of(operation.thread, later);
  const std::size_t before =
      previous != kNone ? previous : creation_of(operation.thread, later);
  if (before != kNone && before >= earlier && ordered(earlier, before)) return true;
  if (operation.kind != OperationKind::kThreadJoin) return false;
  const std::size_t end = last_step_of(static_cast<ThreadId>(operation.object), later);
  return end != kNone && end >= earlier && ordered(earlier, end);
}

const std::vector<HappensBefore::Index>& HappensBefore::races_of(std::size_t later) {
  races_.clear();
  const Step& second = steps_[later];
  for (std::size_t earlier = later; earlier-- > 0;) {
    const Step& first = steps_[earlier];
    if (first.operation.thread == second.operation.thread) continue;
    if (!dependent(first.operation, first.wrote, second.operation, second.wrote))
      continue;
    if (!known_before(earlier, later)) races_.push_back({earlier});
  }
  return races_;
}

const std::vector<HappensBefore::Who>& HappensBefore::initials(std::size_t earlier,
                                                               std::size_t later) {
  initials_.clear();
  firsts_.clear();
  for (std::size_t index = earlier + 1; index <= later; ++index) {
    if (index != later && ordered(earlier, index)) continue;
    const Step& step = steps_[index];
    bool is_first = true;
    bool waits = false;
    for (const Step& first : firsts_) {
      const ThreadId thread = first.operation.thread;
      is_first = is_first && thread != step.operation.thread;
      waits = waits || tick(step, thread) >= first.number;
    }
    if (!is_first) continue;
    firsts_.push_back(step);
    if (!waits) initials_.push_back({step.operation.thread});
  }
  return initials_;
}

}  // namespace interleave
