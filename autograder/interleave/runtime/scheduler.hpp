// Says which thread of a body runs next, and keeps its time.
//
//      [ thread 0 ] --point--> strategy chooses --switch--> [ thread 1 ] --point--> ...
//
// Each visible operation of a thread calls point() before it happens: there, and only
// there, another thread may be chosen to run. A blocked thread's need (Thread::wait) is
// looked at whenever one is to be chosen; no thread has to wake it.
//
// Threads     Called by the body's threads, of which one runs at a time; begin_run by the explorer.
// Invariants
//   I1  Exactly one thread of the body runs; all others are at a point() or blocked.
//   I2  Everything that a schedule depends on is decided by the Strategy; addresses, time and
//       hash order never decide.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "interleave/runtime/descriptors.hpp"
#include "interleave/runtime/probe.hpp"
#include "interleave/runtime/thread.hpp"
#include "interleave/search/strategy.hpp"

namespace interleave {

class Scheduler {
 public:
  // `spurious`: what may happen for no reason happens at times.
  void begin_run(Strategy& strategy, bool spurious);

  // -- Switching ------------------------------------------------------------------------

  // About to do something that others can see: another thread may go first. If a need was
  // set in `self` (Thread::wait), returns when it is met, or false if its deadline came
  // first; it is no longer set then.
  bool point(Thread& self, const Operation& operation);

  // Has done the first half of something (it gave up a lock, say) and now needs what was
  // set in `self`.
  bool wait(Thread& self);

  // Runs `created` up to its first visible operation at once: what it does until then is its own
  // business, and the strategy learns what it is about to do.
  void start(Thread& creator, Thread& created) { hand_over(creator, created); }

  // `self`, which has finished, never runs again.
  void leave(Thread& self);

  [[nodiscard]] bool can_go_on(const Thread& thread) const {
    return thread.wait == Wait::kNothing || has_what_it_needs(thread);
  }

  // -- Deciding -------------------------------------------------------------------------

  // Which of the alternatives; 0 where there is nothing to decide.
  std::size_t decide(DecisionKind kind, std::span<const Alternative> alternatives);
  // Whether something that may happen for no reason happens here.
  bool happens_spuriously(Thread& self, const Operation& operation);

  // What was chosen so far, at each decision.
  [[nodiscard]] const std::vector<std::uint32_t>& choices() const { return choices_; }
  [[nodiscard]] std::vector<std::uint32_t> take_choices() { return std::move(choices_); }
  // The strategy gave the schedule up.
  [[nodiscard]] bool pruned() const { return pruned_; }
  // A loop was not followed to its end although it may have one: other schedules exist that
  // no strategy can choose.
  [[nodiscard]] bool cut() const { return cut_; }

  // -- Changes, and threads that spin until one comes -----------------------------------

  // Something that a spinning thread may wait for has changed.
  void changed(Thread& self) {
    ++changes_;
    self.spin.progress(changes_);
    probe().made_progress(self);
  }
  // It looked at something: once more the same, as far as the scheduler can tell?
  void observe(Thread& self, ProgramCounter pc, Address object, std::uint64_t content) {
    if (self.spin.observe(pc, object, content, changes_)) look_closer(self, pc);
  }
  void observe_write(Thread& self, ProgramCounter pc, Address object,
                     std::uint64_t size) {
    self.spin.observe_write(pc, object, size, changes_);
  }

  // Whether doing this again would only repeat what it did.
  [[nodiscard]] bool repeats(const Thread& self, const Operation& operation) const {
    return self.spin.repeats(operation.pc, operation.object, changes_);
  }

  // The same, and no other thread can tell that it does.
  [[nodiscard]] bool spins(const Thread& self, const Operation& operation) const {
    return self.spin.is_left_alone() && repeats(self, operation);
  }
  // The same, whatever it does next.
  [[nodiscard]] bool spins(const Thread& self) const { return self.spin.spins(changes_); }

  // -- Time -----------------------------------------------------------------------------

  // Virtual nanoseconds since the body began.
  [[nodiscard]] std::uint64_t now() const { return now_; }
  void advance_to(std::uint64_t nanoseconds) {
    now_ = std::max(now_, nanoseconds);
    descriptors().time_is(now_);
  }

 private:
  static constexpr std::size_t kUsualDecisions = 64;  // room for so many from the start
  static constexpr std::uint32_t kMostSpurious = 2;

  void collect_alternatives(const Thread& running);
  void collect_yielding(const Thread& running);
  void collect_timed();
  void add_alternative(const Thread& thread, bool reluctant);
  [[nodiscard]] bool has_what_it_needs(const Thread& thread) const;
  Thread& pick(const Thread& running);
  void hand_over(Thread& self, Thread& next);
  bool settle(Thread& self);
  void wait_for_change(Thread& self);
  void look_closer(Thread& self, ProgramCounter pc);
  [[nodiscard]] bool another_can_go_on(const Thread& self) const;
  [[nodiscard]] static std::uint64_t time_comes(const Thread& thread);

  // -- Written by begin_run
  Strategy* strategy_ = nullptr;  // makes every decision

  // -- Written by decide and happens_spuriously
  std::vector<std::uint32_t> choices_;  // the alternative that was taken at each decision
  bool pruned_ = false;                 // the strategy gave the schedule up
  std::uint32_t spurious_left_ = 0;     // so many more things may happen for no reason

  // -- Written by wait_for_change
  bool cut_ = false;  // a thread was held back that might have continued by itself

  // -- Written by pick and what it calls, anew for each choice of a thread
  // Which threads could run: the first so many. Each is written over what was there.
  std::array<Alternative, kMostThreads> alternatives_;
  std::size_t able_ = 0;

  // -- Written by changed, and when a thread ends
  // What a spinning thread compares with: any since it looked?
  std::uint64_t changes_ = 0;

  // -- Written by advance_to
  std::uint64_t now_ = 0;  // virtual nanoseconds; only grows
};

// The only one. Every hook asks it, so it is not behind a call.
[[gnu::visibility("hidden")]] extern Scheduler the_scheduler;
[[nodiscard]] inline Scheduler& scheduler() { return the_scheduler; }

}  // namespace interleave
