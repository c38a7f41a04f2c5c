#include "interleave/runtime/scheduler.hpp"

#include <algorithm>
#include <array>

#include "interleave/runtime/call_site.hpp"
#include "interleave/runtime/engine.hpp"
#include "interleave/runtime/frame_state.hpp"
#include "interleave/runtime/library_wait.hpp"

namespace interleave {

Scheduler the_scheduler;

void Scheduler::begin_run(Strategy& strategy, bool spurious) {
  strategy_ = &strategy;
  choices_.clear();
  choices_.reserve(kUsualDecisions);
  pruned_ = cut_ = false;
  spurious_left_ = spurious ? kMostSpurious : 0;
  changes_ = 0;
  now_ = 0;
  strategy.begin_schedule();
}

// -- Switching --------------------------------------------------------------------------

bool Scheduler::point(Thread& self, const Operation& operation) {
  self.pending = operation;
  if (tracer().wanted()) self.pending_site = call_site_of(operation.pc);
  self.plain_accesses = 0;
  if (operation.kind != OperationKind::kYield) self.clock_reads = 0;
  if (!self.started) {
    self.started = true;
    hand_over(self, engine().threads()[self.creator]);
    return settle(self);  // chosen for the first time, and for this very operation
  }
  const bool again = spins(self, operation);
  if (again && self.spin.out_of_patience()) wait_for_change(self);
  const bool no_choice = again || engine().threads().unfinished() == 1;
  if (no_choice && can_go_on(self)) return settle(self);
  return wait(self);
}

bool Scheduler::wait(Thread& self) {
  hand_over(self, pick(self));
  return settle(self);
}

// What it needed it has: the need is struck off.
bool Scheduler::settle(Thread& self) {
  const bool in_time = !self.timed_out;
  self.wait = Wait::kNothing;
  self.lock = nullptr;
  self.deadline = kNever;
  self.timed_out = false;
  self.signalled = false;
  self.reluctant = false;
  return in_time;
}

// A spinning thread is held back until going around again could differ.
void Scheduler::wait_for_change(Thread& self) {
  cut_ = cut_ || (!self.spin.closed() && another_can_go_on(self));
  const Wait need = std::exchange(self.wait, Wait::kChange);
  // One that polls with try_lock waits for the lock; one that polls under a lock can
  // always have it.
  Lock* const lock =
      need == Wait::kNothing ? self.lock : std::exchange(self.lock, nullptr);
  hand_over(self, pick(self));
  self.wait = need;
  self.lock = lock;
}

bool Scheduler::another_can_go_on(const Thread& self) const {
  for (const Thread& other : engine().threads()) {
    if (other.id == self.id || other.finished) continue;
    if (can_go_on(other) || time_comes(other) != kNever) return true;
  }
  return false;
}

// The thread repeats itself. Whether it must do so for ever is in its registers and stack.
void Scheduler::look_closer(Thread& self, ProgramCounter pc) {
  self.spin.compare(frame_state(pc, self.fiber.stack_end));
  const bool unclear = self.spin.repeats_itself() && !self.spin.closed();
  if (unclear && in_library_wait(self, pc)) self.spin.close();
}

void Scheduler::leave(Thread& self) {
  ++changes_;
  if (!self.started) {
    // It never had a visible operation: its creator is still waiting to continue.
    self.started = true;
    hand_over(self, engine().threads()[self.creator]);
  }
  hand_over(self, pick(self));
}

void Scheduler::hand_over(Thread& self, Thread& next) {
  if (&self == &next) return;
  switch_fiber(self.fiber, next.fiber);
  tracer().stop_if_lent(self);
}

// -- Choosing ---------------------------------------------------------------------------

bool Scheduler::has_what_it_needs(const Thread& thread) const {
  switch (thread.wait) {
    case Wait::kNothing:
      return true;
    case Wait::kExclusive:
      return thread.lock->free_for_writer();
    case Wait::kShared:
      return thread.lock->free_for_reader();
    case Wait::kJoin:
      return engine().threads()[thread.target].finished;
    case Wait::kSignal:
      return thread.signalled;
    case Wait::kChange:
      return thread.spin.changes_seen() != changes_ ||
             (thread.lock != nullptr && thread.lock->free_for_writer());
    case Wait::kReady:
      return descriptors().is_ready(thread.awaited);
  }
  return false;
}

// When time alone lets a waiting thread go on: its own, or that of a timer which it awaits.
std::uint64_t Scheduler::time_comes(const Thread& thread) {
  if (thread.wait != Wait::kReady) return thread.deadline;
  return std::min(thread.deadline, descriptors().expiry_of(thread.awaited));
}

// The running thread first, then the others in order of creation; then those that yield,
// from the running one on; then those whose time would have to come, the earliest first.
void Scheduler::collect_alternatives(const Thread& running) {
  able_ = 0;
  bool some_yield = false;
  bool some_timed = false;
  const auto meet = [&](const Thread& thread) {
    if (!can_go_on(thread)) {
      some_timed = some_timed || time_comes(thread) != kNever;
    } else if (thread.started) {
      if (!thread.reluctant) return add_alternative(thread, false);
      some_yield = true;
    }
  };
  if (!running.finished) meet(running);
  const ThreadList& threads = engine().threads();
  threads.awake().for_each(threads.size(), [&](ThreadId id) {
    if (id != running.id) meet(threads[id]);
  });
  if (some_yield) collect_yielding(running);
  if (some_timed) collect_timed();
}

void Scheduler::add_alternative(const Thread& thread, bool reluctant) {
  Alternative& added = alternatives_[able_++];
  added.thread = thread.id;
  added.pending = thread.pending;
  added.reluctant = reluctant;
}

void Scheduler::collect_yielding(const Thread& running) {
  const ThreadList& threads = engine().threads();
  for (ThreadId offset = 1; offset <= threads.size(); ++offset) {
    const Thread& thread = threads[(running.id + offset) % threads.size()];
    if (thread.finished || !thread.started || !thread.reluctant) continue;
    if (can_go_on(thread)) add_alternative(thread, true);
  }
}

void Scheduler::collect_timed() {
  Alternative* const first = alternatives_.data() + able_;
  const ThreadList& threads = engine().threads();
  for (const Thread& thread : threads) {
    if (thread.finished || time_comes(thread) == kNever || can_go_on(thread)) continue;
    add_alternative(thread, true);
    alternatives_[able_ - 1].pending.kind = OperationKind::kTimeOut;
  }
  std::stable_sort(first, alternatives_.data() + able_,
                   [&](const Alternative& a, const Alternative& b) {
                     return time_comes(threads[a.thread]) < time_comes(threads[b.thread]);
                   });
}

Thread& Scheduler::pick(const Thread& running) {
  for (;;) {
    collect_alternatives(running);
    if (able_ != 0) break;
    probe().nothing_can_run();
  }
  const std::span<const Alternative> able(alternatives_.data(), able_);
  const Alternative& chosen = able[decide(DecisionKind::kThread, able)];
  Thread& next = engine().threads()[chosen.thread];
  next.reluctant = false;
  if (chosen.pending.kind == OperationKind::kTimeOut) {
    advance_to(time_comes(next));
    next.timed_out = !can_go_on(next);
  }
  return next;
}

std::size_t Scheduler::decide(DecisionKind kind,
                              std::span<const Alternative> alternatives) {
  if (alternatives.size() < 2 || probe().running()) return 0;
  Decision decision;
  decision.kind = kind;
  decision.number = static_cast<std::uint32_t>(choices_.size());
  decision.running = this_thread->id;
  decision.running_can_go_on = kind == DecisionKind::kThread && !this_thread->finished &&
                               alternatives[0].thread == this_thread->id &&
                               !alternatives[0].reluctant;
  decision.alternatives = alternatives;
  const std::size_t index = strategy_->choose(decision);
  if (index == kPrune) {
    pruned_ = true;
    engine().end_run();
  }
  choices_.push_back(static_cast<std::uint32_t>(index));
  return index;
}

bool Scheduler::happens_spuriously(Thread& self, const Operation& operation) {
  if (spurious_left_ == 0 || probe().running() || engine().alone()) return false;
  const std::array<Alternative, 2> alternatives{
      Alternative{.thread = self.id, .pending = operation},
      Alternative{.thread = self.id, .pending = operation}};
  if (decide(DecisionKind::kSpurious, alternatives) == 0) return false;
  --spurious_left_;
  return true;
}

}  // namespace interleave
