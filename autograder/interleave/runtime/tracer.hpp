// Keeps count of what happens in a run, and writes it down if a trace is asked for.
//
//   a thread did something --performed--> strategy, fingerprint, step number --> Trace
//                          --remark-----------------------------> step number --> Trace
//
// Threads     Called by the body's threads, of which one runs at a time; begin_run and
//             complete by the explorer.
#pragma once

#include <cstdint>

#include "interleave/memory/memory_model.hpp"
#include "interleave/runtime/probe.hpp"
#include "interleave/runtime/thread.hpp"
#include "interleave/search/strategy.hpp"
#include "interleave/trace/trace.hpp"

namespace interleave {

class Tracer {
 public:
  // Fills `trace` if it is given; a debugger stops at its step `stop_at`. `strategy` is told
  // what was performed if it wants that.
  void begin_run(Strategy& strategy, Trace* trace, std::uint32_t stop_at);
  // What a trace says of the whole run: its threads, if it ended well, and its memory.
  void complete();

  // -- Steps ----------------------------------------------------------------------------

  // The operation was performed: for the strategy, the fingerprint and the trace. `wrote`: it
  // could have had an effect on others. The step may be completed with values; nullptr if no
  // trace is kept.
  Step* performed(Thread& self, const Operation& operation, bool wrote);
  // Likewise for what only a trace shows.
  Step* remark(Thread& self, const Operation& operation) {
    count_step(self);
    return tracing() ? traced(self, operation) : nullptr;
  }
  // The two halves of remark, for those that would not even make up the operation in vain.
  void count_step(Thread& self) { self.last_step = ++step_; }
  Step* traced(Thread& self, const Operation& operation);

  // Whether a trace is asked for, and whether it is written now.
  [[nodiscard]] bool wanted() const { return trace_ != nullptr; }
  [[nodiscard]] bool tracing() const { return wanted() && !probe().running(); }
  // The step that was written last, if tracing.
  [[nodiscard]] Step& last_step() { return trace_->steps.back(); }

  // The number of the last step.
  [[nodiscard]] std::uint32_t step() const { return step_; }
  [[nodiscard]] Site site(const Thread& self, ProgramCounter pc) const {
    return {self.id, step_, pc};
  }
  // The step that an operation will have once it is performed.
  [[nodiscard]] Site coming_site(const Thread& self, ProgramCounter pc) const {
    return {self.id, step_ + 1, pc};
  }

  [[nodiscard]] std::uint32_t operations() const { return operations_; }
  [[nodiscard]] std::uint64_t fingerprint() const { return fingerprint_; }

  // -- The end --------------------------------------------------------------------------

  // No thread can run: each shows what it wants as its last step.
  void trace_stuck();

  // -- In a debugger --------------------------------------------------------------------

  // The turn came back to `self`. If only so that a debugger may stop with its stack, it does,
  // and the turn goes back to its lender.
  void stop_if_lent(Thread& self) {
    while (lender_ != nullptr) stop_and_return(self);
  }

 private:
  static constexpr std::uint32_t kMostOperations = 200'000;

  void leave_out(Thread& self, OperationKind kind);
  void tell_the_untold(Step& step);
  void stop_in(Thread& thread);
  void stop_and_return(Thread& self);
  void trace_threads();

  // -- Written by begin_run
  // nullptr: the strategy does not want to hear of operations.
  Strategy* listener_ = nullptr;
  Trace* trace_ = nullptr;  // nullptr: none is kept
  std::uint32_t stop_at_ = kNoStep;

  // -- Written by each step
  std::uint32_t step_ = 0;  // the number of the last one, plain accesses included

  // -- Written by performed
  std::uint32_t operations_ = 0;   // visible ones so far
  std::uint64_t fingerprint_ = 0;  // of their sequence: kinds and threads, no addresses

  bool any_untold_ = false;     // see Thread
  std::uint32_t left_out_ = 0;  // operations since the last step

  // -- Written by stop_in and stop_and_return
  Thread* lender_ = nullptr;  // lent its turn to another, for a debugger to stop in
};

// The only one. Every access counts as a step, so it is not behind a call.
[[gnu::visibility("hidden")]] extern Tracer the_tracer;
[[nodiscard]] inline Tracer& tracer() { return the_tracer; }

}  // namespace interleave
