// Chooses: which thread goes next, which store a load reads, who is woken.
//
//   begin_schedule   { choose | executed }*   end_schedule        until finished() or the
//   begin_schedule   (run by a copy)          end_elsewhere       budget is spent
//
// A schedule is the list of choices at its decisions. At each decision alternative 0 is
// the default: the running thread continues if it can, else the next in order of creation;
// the newest store; the last place; the first waiter; nothing spurious; nothing times out
// while something else can run. A schedule is therefore told by its deviations alone:
// (number of the decision, index of the alternative). That is the token.
//
// Threads     None: one caller at a time.
// Determinism The choices are a function of the seed, of the options and of the decisions
// seen: never of
//             addresses, time or hash order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "interleave/trace/operation.hpp"
#include "interleave/trace/trace.hpp"

namespace interleave {

enum class DecisionKind : std::uint8_t {
  kThread,    // which thread performs its pending operation
  kStore,     // which store a load, an update or a compare-exchange reads
  kPlace,     // how far from the end of the modification order a store goes
  kWaiter,    // whom notify_one, or a futex wake, wakes
  kEvent,     // which of the events that are left comes next in an epoll_wait's answer
  kSpurious,  // 0: as usual; 1: the compare-exchange or try_lock fails, the wait returns,
              // for no reason; of a stream's bytes only some are read or written
};

class Reduced;

// One way to continue.
struct Alternative {
  // kThread: who runs; kStore: who stored; kWaiter: who is woken.
  ThreadId thread = kNoThread;
  Operation pending;  // kThread: its pending operation; else the operation that is being
                      // decided
  // kStore: the step that stored; kPlace: places from the end.
  std::uint32_t store = kNoStep;
  bool reluctant = false;  // kThread: it only yields, sleeps or times out; default while
                           // no other thread can run
};

struct Decision {
  DecisionKind kind = DecisionKind::kThread;
  std::uint32_t number = 0;        // in this schedule, from 0
  ThreadId running = kNoThread;    // who performed the last operation
  bool running_can_go_on = false;  // kThread: alternatives[0] is the running thread; else
                                   // a switch is no preemption
  // At least two; kThread: every thread that can run, once.
  std::span<const Alternative> alternatives;
};

// choose may return this at a kThread decision: every way on was explored already; the
// schedule is given up and not counted.
inline constexpr std::size_t kPrune = ~std::size_t{0};

struct ScheduleEnd {
  std::uint32_t decisions = 0;
  std::uint32_t steps = 0;  // operations executed, plain accesses excluded
  bool failed = false;
  bool pruned = false;
  // A loop was not followed to its end: nothing that rests on this schedule is exhaustive.
  bool cut = false;
  // The same for two schedules that are one execution; 0: not known.
  std::uint64_t execution = 0;
};

// What coverage says of an end that was `cut`.
inline constexpr std::string_view kCutNote =
    " (a loop that counts equal reads was followed for 64 rounds only)";

class Strategy {
 public:
  virtual ~Strategy() = default;

  virtual void begin_schedule() = 0;
  virtual std::size_t choose(const Decision& decision) = 0;

  // Each visible operation, just after it was performed, in execution order, whether or
  // not there was anything to decide. Only called if wants_operations(). `wrote`
  // says whether it could have had an effect on others: a failed compare-exchange and a
  // try_lock that failed are reads.
  virtual void executed(const Operation& operation, bool wrote);
  [[nodiscard]] virtual bool wants_operations() const { return false; }

  virtual void end_schedule(const ScheduleEnd& end) = 0;

  // Nothing is left to explore (within the strategy's bounds).
  [[nodiscard]] virtual bool finished() const { return false; }
  // ... and the bounds leave nothing out: every behaviour of the program was explored.
  [[nodiscard]] virtual bool exhaustive() const { return false; }

  // What was covered, for people: "all 24 behaviours checked"; "2 preemptions, complete;
  // PCT depth 3: a bug of depth 3 is missed with probability at most 0.02".
  [[nodiscard]] virtual std::string coverage() const = 0;

  // Its short name in tokens: "pct3".
  [[nodiscard]] virtual std::string_view name() const = 0;

  // -- In several processes -------------------------------------------------------------

  // Parts that learn nothing from each other: of each, a copy in another process can run
  // the schedules ahead, and they are counted here when their turn comes.
  [[nodiscard]] virtual std::vector<Strategy*> parts() { return {}; }
  // The part that the next schedule is of; the same until it begins.
  [[nodiscard]] virtual Strategy& next_part() { return *this; }
  // Of the schedule that ended last: what else another copy needs to count it.
  [[nodiscard]] virtual std::uint64_t tally() const { return 0; }
  // In the place of end_schedule, for a schedule that another copy ran.
  virtual void end_elsewhere(const ScheduleEnd& end, std::uint64_t tally);
  // The part whose subtrees copies can explore ahead (subtrees.cpp); nullptr: none.
  [[nodiscard]] virtual Reduced* tree() { return nullptr; }
};

struct StrategyOptions {
  std::uint64_t seed = 1;
  std::uint64_t schedules = 10'000;  // the budget, for the portfolio's division of it
};

// "default" (one run, no preemption) · "bounded0" "bounded1" "bounded2" (depth-first,
// that many preemptions) · "exhaustive" (depth-first, unbounded) · "pct2" "pct3" "pct4" ·
// "pos" · "sticky5" "sticky20" "sticky50" · "reduced" (partial-order reduction: source
// sets and sleep sets) · "portfolio" (all of them in turn). nullptr for a name that is
// none of these.
[[nodiscard]] std::unique_ptr<Strategy> make_strategy(std::string_view name,
                                                      const StrategyOptions& options);

}  // namespace interleave
