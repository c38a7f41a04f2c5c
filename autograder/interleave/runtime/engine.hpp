// Runs a body under one schedule: owns its threads, says who goes on, keeps time, and ends it.
//
//      explorer --run--> [ thread 0 ] --point--> strategy chooses --switch--> [ thread 1 ] ...
//          ^                                                                      |
//          +--------------------- the body ended, or fail() ----------------------+
//
// Each visible operation of a thread calls point() before it happens: there, and only there, another
// thread may be chosen to go on. A blocked thread's need (Thread::wait) is looked at whenever someone is
// to be chosen; nobody has to wake it.
//
// Threads     One kernel thread. run is called by the explorer, everything else by the body's threads.
// Invariants
//   I1  Exactly one thread of the body runs; all others are at a point() or blocked.
//   I2  Everything that a schedule depends on is decided by the Strategy; addresses, time and
//       hash order never decide.
//   I3  After fail() no code of the body runs again: its stacks are left as they are.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "interleave/memory/memory_model.hpp"
#include "interleave/runtime/address_map.hpp"
#include "interleave/runtime/arena.hpp"
#include "interleave/runtime/objects.hpp"
#include "interleave/runtime/thread.hpp"
#include "interleave/search/strategy.hpp"
#include "interleave/trace/failure.hpp"
#include "interleave/trace/trace.hpp"

namespace interleave {

struct RunOptions {
  bool spurious = true;
  bool leaks = true;
  bool publish_costs = false;
  bool (*assertion_failed)() = nullptr;  // the test framework's view
  Trace* trace = nullptr;                // filled if given
  std::uint32_t stop_at = kNoStep;       // of a trace: there a debugger stops
};

struct RunResult {
  Failure failure;
  std::vector<std::uint32_t> choices;  // at each decision
  std::uint32_t steps = 0;             // visible operations
  bool pruned = false;
  std::uint64_t fingerprint = 0;  // of the sequence of operations, without addresses
  std::uint64_t execution = 0;    // MemoryModel::execution_hash
};

class Engine {
 public:
  // -- The explorer's side ------------------------------------------------------------------

  RunResult run(const std::function<void()>& body, Strategy& strategy,
                MemoryModel& memory, const RunOptions& options);

  // -- The body's side: `self` is the calling thread ----------------------------------------

  // About to do something that others can see: another thread may go first. If a need was set in `self`
  // (Thread::wait), returns when it is met, or false if its deadline came first; it is no longer set then.
  bool point(Thread& self, const Operation& operation);

  // Has done the first half of something (it gave up a lock, say) and now needs what was set in `self`.
  bool wait(Thread& self);

  // Which of the alternatives; 0 where there is nothing to decide.
  std::size_t decide(DecisionKind kind, std::span<const Alternative> alternatives);
  // Whether something that may happen for no reason happens here.
  bool happens_spuriously(Thread& self, const Operation& operation);

  [[noreturn]] void fail(Failure failure);
  [[noreturn]] void fail(FailureKind kind, Thread& self, ProgramCounter pc,
                         std::string message);
  [[noreturn]] void unsupported(Thread& self, ProgramCounter pc, const std::string& what);

  // It read what no store that was seen has left there. If the C library called
  // destructors at a thread's end, one of them may have stored it, as a release. Whatever
  // the order of the read: what is read may carry the release on.
  void saw_nobodys_store(Thread& self);

  // Something that a spinning thread may wait for has changed.
  void changed(Thread& self) {
    ++changes_;
    self.spin.progress(changes_);
    made_progress(self);
  }
  // One more round of the same, as far as the scheduler can tell?
  void observe(Thread& self, ProgramCounter pc, Address object, std::uint64_t content) {
    self.spin.observe(pc, object, content, changes_);
  }

  [[nodiscard]] bool repeats(const Thread& self, const Operation& operation) const {
    return self.spin.repeats(operation.pc, operation.object, changes_);
  }

  // The same, whatever it does next.
  [[nodiscard]] bool spins(const Thread& self) const { return self.spin.spins(changes_); }

  // The operation was performed: for the strategy, the fingerprint and the trace. The step may be completed
  // with values; nullptr if no trace is kept.
  Step* performed(Thread& self, const Operation& operation, bool wrote);
  // Likewise for what only a trace shows.
  Step* remark(Thread& self, const Operation& operation) {
    count_step(self);
    return tracing() ? traced(self, operation) : nullptr;
  }
  // The two halves of remark, for those that would not even make up the operation in vain.
  void count_step(Thread& self) { self.last_step = next_step(); }
  [[nodiscard]] bool tracing() const { return options_.trace != nullptr && !probing_; }
  Step* traced(Thread& self, const Operation& operation);

  Thread& create_thread(Thread& creator, void* (*routine)(void*), void* argument);
  [[nodiscard]] Thread& thread(ThreadId id) { return *threads_[id]; }
  [[nodiscard]] ThreadId thread_count() const { return count_; }
  // Nobody else has existed yet in this run: what is done now happens before everything.
  [[nodiscard]] bool alone() const { return count_ == 1; }

  [[nodiscard]] MemoryModel& memory() { return *memory_; }
  [[nodiscard]] Arena& arena() { return arena_; }
  [[nodiscard]] const RunOptions& options() const { return options_; }
  [[nodiscard]] Site site(const Thread& self, ProgramCounter pc) const {
    return {self.id, step_, pc};
  }
  std::uint32_t next_step() { return ++step_; }
  [[nodiscard]] std::uint32_t step() const { return step_; }

  [[nodiscard]] Lock& lock(Address address) { return locks_[address]; }
  [[nodiscard]] WaitQueue& queue(Address address) { return queues_[address]; }
  [[nodiscard]] Semaphore& semaphore(Address address) { return semaphores_[address]; }
  [[nodiscard]] Barrier& barrier(Address address) { return barriers_[address]; }
  [[nodiscard]] AddressMap<Lock>& locks() { return locks_; }

  // Virtual nanoseconds since the body began.
  [[nodiscard]] std::uint64_t now() const { return now_; }
  void advance_to(std::uint64_t nanoseconds) { now_ = std::max(now_, nanoseconds); }

  // Whether the last wait found the schedule stuck and tried on, to tell a deadlock from a lost wake-up.
  [[nodiscard]] bool probing() const { return probing_; }
  void made_progress(Thread& self) {
    if (probing_) conclude_lost_wake_up(self);
  }

  // Unfinished business of a schedule that came to its end or its limit.
  void ran_too_long(const char* what);

 private:
  static constexpr std::uint32_t kMostSteps = 200'000;
  static constexpr Address kUnseenStores = 1;  // no object of the program's lies there
  static constexpr std::uint32_t kMostRenewals = 24;
  static constexpr std::size_t kUsualDecisions = 64;  // room for so many from the start

  static void enter_thread(void* thread);
  void run_thread(Thread& self);
  void finish(Thread& self);
  void run_exit_handlers(Thread& self);
  [[noreturn]] void end_run();
  void begin_run(const RunOptions& options);
  void check_end_of_body(Thread& self);
  Failure failure_after_the_end();
  Thread& fresh_thread();

  [[nodiscard]] bool can_go_on(const Thread& thread) const;
  void collect_alternatives(const Thread& running);
  void collect_yielding(const Thread& running);
  void collect_timed();
  void add_alternative(const Thread& thread, bool reluctant);
  Thread& pick(const Thread& running);
  void hand_over(Thread& self, Thread& next);
  bool settle(Thread& self);
  void wait_for_change(Thread& self);

  void nothing_can_run();
  bool renew_spinners();
  void probe();
  [[noreturn]] void conclude_deadlock();
  [[noreturn]] void conclude_lost_wake_up(Thread& woken);
  [[nodiscard]] std::vector<Waiting> everybody_waiting();
  [[nodiscard]] ThreadId holder_of_need(const Thread& thread) const;
  [[nodiscard]] std::vector<ThreadId> find_cycle() const;
  void trace_blocked();
  void stop_in(Thread& thread);
  void trace_threads();
  void complete_trace();

  // -- For ever
  std::array<std::unique_ptr<Thread>, kMostThreads> threads_;
  Fiber explorer_;
  Arena arena_;

  // -- This run
  const std::function<void()>* body_ = nullptr;
  Strategy* strategy_ = nullptr;
  MemoryModel* memory_ = nullptr;
  RunOptions options_;
  RunResult result_;
  ThreadId count_ = 0;
  ThreadId unfinished_ = 0;
  std::uint32_t step_ = 0;
  std::uint64_t now_ = 0;
  std::uint64_t changes_ = 0;
  std::uint32_t spurious_left_ = 0;
  bool probing_ = false;
  bool wants_operations_ = false;
  bool assertion_had_failed_ = false;
  bool unseen_stores_ = false;
  Thread* stopping_ = nullptr;  // lent its turn to another, for a debugger to stop in
  Failure stuck_;               // what to report if probing leads nowhere
  std::vector<Alternative> alternatives_;
  AddressMap<Lock> locks_;
  AddressMap<WaitQueue> queues_;
  AddressMap<Semaphore> semaphores_;
  AddressMap<Barrier> barriers_;
};

// Every hook asks for these two, so they are not behind a call.
[[gnu::visibility("hidden")]] extern Engine the_engine;
[[gnu::visibility("hidden")]] extern constinit thread_local Thread* this_thread;

// The only one.
[[nodiscard]] inline Engine& engine() { return the_engine; }

// The body's thread that is running this code, also while it is in the runtime.
[[nodiscard]] inline Thread* any_body_thread() { return this_thread; }

// The same; nullptr outside a body and in the runtime itself.
[[nodiscard]] inline Thread* body_thread() {
  Thread* const thread = this_thread;
  return thread != nullptr && !thread->in_runtime ? thread : nullptr;
}

// While it lives, hooks that the runtime itself reaches do nothing.
class RuntimeScope {
 public:
  explicit RuntimeScope(Thread& self) : self_(self) { self_.in_runtime = true; }
  ~RuntimeScope() { self_.in_runtime = false; }
  RuntimeScope(const RuntimeScope&) = delete;
  RuntimeScope& operator=(const RuntimeScope&) = delete;

 private:
  Thread& self_;
};

// The reverse, while the runtime calls the program back.
class ProgramScope {
 public:
  explicit ProgramScope(Thread& self) : self_(self) { self_.in_runtime = false; }
  ~ProgramScope() { self_.in_runtime = true; }
  ProgramScope(const ProgramScope&) = delete;
  ProgramScope& operator=(const ProgramScope&) = delete;

 private:
  Thread& self_;
};

}  // namespace interleave
