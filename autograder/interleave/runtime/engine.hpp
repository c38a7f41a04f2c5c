// Runs a body under one schedule, from its first thread's start to its end, whichever that is.
//
//      explorer --run--> [ threads 0, 1, ... ]   scheduler()  which of them runs next
//          ^                      |              probe()      what it means that none can
//          +-- the body ended, ---+              tracer()     what happened, step by step
//              or fail()
//
// Threads     One kernel thread. run is called by the explorer, everything else by the
//             body's threads.
// Invariant   After fail() no code of the body runs again: its stacks are left as they are.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "interleave/memory/memory_model.hpp"
#include "interleave/runtime/arena.hpp"
#include "interleave/runtime/objects.hpp"
#include "interleave/runtime/probe.hpp"
#include "interleave/runtime/scheduler.hpp"
#include "interleave/runtime/thread_list.hpp"
#include "interleave/runtime/tracer.hpp"
#include "interleave/search/strategy.hpp"
#include "interleave/trace/failure.hpp"
#include "interleave/trace/trace.hpp"

namespace interleave {

struct RunOptions {
  bool spurious = true;
  bool leaks = true;
  bool races = true;
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
  // -- The explorer's side --------------------------------------------------------------

  RunResult run(const std::function<void()>& body, Strategy& strategy,
                MemoryModel& memory, const RunOptions& options);

  // -- The body's side: `self` is the calling thread ------------------------------------

  Thread& create_thread(Thread& creator, void* (*routine)(void*), void* argument,
                        std::size_t stack_size);

  // It read what no store that was seen has left there. If the C library called
  // destructors at a thread's end, one of them may have stored it, as a release. Whatever
  // the order of the read: what is read may carry the release on.
  void saw_nobodys_store(Thread& self);

  // -- Endings: of the whole run, whatever its other threads are doing ------------------

  [[noreturn]] void fail(Failure failure);
  [[noreturn]] void fail(FailureKind kind, Thread& self, ProgramCounter pc,
                         std::string message);
  [[noreturn]] void unsupported(Thread& self, ProgramCounter pc, const std::string& what);
  // Of a schedule that came to a limit: `what` completes "the body did not end within".
  [[noreturn]] void ran_too_long(const char* what);
  [[noreturn]] void end_run();

  // -- What there is --------------------------------------------------------------------

  [[nodiscard]] ThreadList& threads() { return threads_; }
  [[nodiscard]] std::uint64_t runs() const { return runs_; }  // begun
  [[nodiscard]] bool looks_for_races() const { return options_.races; }
  // No other thread has existed yet in this run: what is done now happens before everything.
  [[nodiscard]] bool alone() const { return threads_.size() == 1; }
  [[nodiscard]] Objects& objects() { return objects_; }
  [[nodiscard]] MemoryModel& memory() { return *memory_; }
  [[nodiscard]] Arena& arena() { return arena_; }

  // The program called the explorer from the frame at `frame`. What lies below it on the stack
  // is the explorer's, and what earlier calls left there: it points to blocks of the body, and
  // holds none.
  void program_stack_ends_at(const void* frame) {
    program_stack_ = reinterpret_cast<Address>(frame);
  }
  [[nodiscard]] Address program_stack() const { return program_stack_; }

 private:
  static constexpr Address kUnseenStores = 1;  // no object of the program's lies there

  void begin_run(Strategy& strategy);
  Thread& fresh_thread();
  static void enter_thread(void* thread);
  void run_thread(Thread& self);
  void finish(Thread& self);
  void run_exit_handlers(Thread& self);
  void check_end_of_body(Thread& self);
  [[nodiscard]] bool assertion_failed() const;
  // What shows only then: an assertion that failed, a leak.
  void look_at_the_end(Failure& failure);
  [[nodiscard]] bool is_anything_held(bool given_up);

  // -- Kept from run to run
  ThreadList threads_;  // with their stacks; written by create_thread and finish
  Arena arena_;         // the body's heap; written by its allocations
  // Where run continues once the run has ended; written by run and end_run.
  Fiber explorer_;

  // -- Written by the public interface
  Address program_stack_ = 0;  // where it ends, downwards

  // -- Written by run and begin_run
  std::uint64_t runs_ = 0;
  const std::function<void()>* body_ = nullptr;  // what thread 0 runs
  MemoryModel* memory_ = nullptr;                // asked by every access
  RunOptions options_;                           // as the explorer gave them
  bool assertion_had_failed_ = false;  // before this run: what fails now is not its doing

  // -- Written by the body's threads
  Objects objects_;             // locks and all else that threads wait for
  bool unseen_stores_ = false;  // a thread ended that may have stored what was not seen
  Failure failure_;  // of fail; none: the run was good, or its strategy gave it up
};

// Every hook asks for it, so it is not behind a call.
[[gnu::visibility("hidden")]] extern Engine the_engine;

// The only one.
[[nodiscard]] inline Engine& engine() { return the_engine; }

}  // namespace interleave
