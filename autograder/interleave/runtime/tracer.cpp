#include "interleave/runtime/tracer.hpp"

#include <utility>

#include "interleave/runtime/call_site.hpp"
#include "interleave/runtime/debugger.hpp"
#include "interleave/runtime/engine.hpp"

namespace interleave {
namespace {

// FNV-1a, one number at a time.
void mix(std::uint64_t& hash, std::uint64_t number) {
  hash = (hash ^ number) * 0x0000'0100'0000'01B3U;
}

}  // namespace

Tracer the_tracer;

void Tracer::begin_run(Strategy& strategy, Trace* trace, std::uint32_t stop_at) {
  listener_ = strategy.wants_operations() ? &strategy : nullptr;
  trace_ = trace;
  stop_at_ = stop_at;
  step_ = 0;
  operations_ = 0;
  fingerprint_ = 0xCBF2'9CE4'8422'2325U;
  any_untold_ = false;
  left_out_ = 0;
  lender_ = nullptr;
}

// -- Steps ------------------------------------------------------------------------------

Step* Tracer::performed(Thread& self, const Operation& operation, bool wrote) {
  if (probe().running()) return nullptr;
  if (++operations_ > kMostOperations) engine().ran_too_long("200,000 steps");
  mix(fingerprint_, operation.thread);
  mix(fingerprint_, static_cast<std::uint64_t>(operation.kind));
  // One round of a spin says all: to a search that compares steps, and in a picture.
  if (scheduler().spins(self, operation)) {
    leave_out(self, operation.kind);
    return nullptr;
  }
  if (listener_ != nullptr) listener_->executed(operation, wrote);
  const bool gives_back = operation.kind == OperationKind::kUnlock ||
                          operation.kind == OperationKind::kUnlockShared;
  if (gives_back && self.took_untold) {
    count_step(self);
    leave_out(self, operation.kind);
    return nullptr;
  }
  if (is_lock(operation.kind)) self.took_untold = false;
  return remark(self, operation);
}

// What it holds then is told by the next step.
void Tracer::leave_out(Thread& self, OperationKind kind) {
  ++left_out_;
  if (is_lock(kind)) self.untold = self.took_untold = any_untold_ = true;
}

Step* Tracer::traced(Thread& self, const Operation& operation) {
  Step step;
  step.number = step_;
  step.operation = operation;
  step.operation.thread = self.id;
  step.nanoseconds = scheduler().now();
  step.stack.push_back(operation.pc);
  const bool runs = &self == this_thread;
  const ProgramCounter site = runs ? call_site_of(operation.pc) : self.pending_site;
  if (site != 0) step.stack.push_back(site);
  append_callers(step.stack, self);
  step.decisions = static_cast<std::uint32_t>(scheduler().choices().size());
  step.left_out = std::exchange(left_out_, 0);
  if (any_untold_) tell_the_untold(step);
  trace_->steps.push_back(std::move(step));
  if (step_ == stop_at_) stop_in(self);
  return &trace_->steps.back();
}

void Tracer::tell_the_untold(Step& step) {
  any_untold_ = false;
  for (Thread& thread : engine().threads()) {
    if (!std::exchange(thread.untold, false)) continue;
    Holding holding{thread.id, {}};
    for (const Lock* lock : thread.holds) holding.locks.push_back(lock->address);
    step.untold.push_back(std::move(holding));
  }
}

// -- In a debugger ----------------------------------------------------------------------

// Stops a debugger with the stack of `thread`, which need not be the one that runs.
void Tracer::stop_in(Thread& thread) {
  Thread& running = *this_thread;
  if (&thread == &running) return interleave_at_step();
  lender_ = &running;
  switch_fiber(running.fiber, thread.fiber);
}

void Tracer::stop_and_return(Thread& self) {
  const Thread& lender = *std::exchange(lender_, nullptr);
  interleave_at_step();
  switch_fiber(self.fiber, lender.fiber);
}

// -- The end ----------------------------------------------------------------------------

void Tracer::trace_stuck() {
  for (Thread& thread : engine().threads()) {
    if (thread.finished || !thread.started || scheduler().can_go_on(thread)) continue;
    if (thread.wait == Wait::kSignal || thread.wait == Wait::kNothing) continue;
    if (Step* step = remark(thread, thread.pending)) {
      step->blocked = true;
      step->waits_for = probe().holder_of_need(thread);
    }
  }
  if (wanted()) trace_threads();  // as they are now, before any is woken for no reason
}

void Tracer::trace_threads() {
  for (const Thread& thread : engine().threads()) {
    ThreadRecord record;
    record.name = thread.name;
    record.creator = thread.creator;
    for (const Lock* lock : thread.holds) record.holds.push_back(lock->address);
    record.last_step = thread.last_step == 0 ? kNoStep : thread.last_step;
    record.finished = thread.finished;
    record.blocked = !thread.finished && !scheduler().can_go_on(thread);
    trace_->threads.push_back(std::move(record));
    trace_->stacks.push_back(
        {thread.id, thread.fiber.stack_begin, thread.fiber.stack_end});
  }
}

void Tracer::complete() {
  if (!wanted()) return;
  if (trace_->threads.empty()) trace_threads();
  for (const Arena::Block& block : engine().arena().blocks()) {
    trace_->blocks.push_back(described(block));
  }
}

}  // namespace interleave
