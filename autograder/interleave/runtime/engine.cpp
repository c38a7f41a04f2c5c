#include "interleave/runtime/engine.hpp"

#include <cxxabi.h>
#include <sys/single_threaded.h>

#include <algorithm>
#include <utility>

#include "interleave/runtime/call_site.hpp"
#include "interleave/runtime/debugger.hpp"
#include "interleave/runtime/program.hpp"

namespace interleave {

Engine the_engine;
constinit thread_local Thread* this_thread = nullptr;

namespace {

// The C++ ABI: the caught exceptions, and the number of uncaught ones.
struct ExceptionState {
  void* caught;
  unsigned uncaught;
};

void adopt(void* thread) {
  this_thread = static_cast<Thread*>(thread);
  this_thread->exception_state = abi::__cxa_get_globals();
}

// FNV-1a, one number at a time.
void mix(std::uint64_t& hash, std::uint64_t number) {
  hash = (hash ^ number) * 0x0000'0100'0000'01B3U;
}

}  // namespace

// -- One run ---------------------------------------------------------------------------------

RunResult Engine::run(const std::function<void()>& body, Strategy& strategy,
                      MemoryModel& memory, const RunOptions& options) {
  body_ = &body;
  strategy_ = &strategy;
  memory_ = &memory;
  begin_run(options);
  switch_fiber(explorer_, threads_[0]->fiber);
  if (!result_.failure && !result_.pruned) result_.failure = failure_after_the_end();
  if (arena_.live_blocks() != 0) arena_.keep_everything();
  result_.execution = memory.execution_hash();
  if (options_.trace != nullptr) complete_trace();
  strategy.end_schedule({static_cast<std::uint32_t>(result_.choices.size()),
                         result_.steps, static_cast<bool>(result_.failure),
                         result_.pruned});
  return std::move(result_);
}

void Engine::begin_run(const RunOptions& options) {
  // Else the standard library counts shared_ptr owners without atomics.
  __libc_single_threaded = 0;
  options_ = options;
  result_ = {};
  result_.choices.reserve(kUsualDecisions);
  result_.fingerprint = 0xCBF2'9CE4'8422'2325U;
  explorer_.thread_pointer = own_thread_pointer();
  arena_.open();
  arena_.begin_run();
  locks_.clear();
  queues_.clear();
  semaphores_.clear();
  barriers_.clear();
  count_ = unfinished_ = 0;
  step_ = 0;
  now_ = 0;
  changes_ = 0;
  spurious_left_ = options.spurious ? 2 : 0;
  probing_ = false;
  unseen_stores_ = false;
  assertion_had_failed_ =
      options.assertion_failed != nullptr && options.assertion_failed();
  memory_->begin_execution();
  strategy_->begin_schedule();
  wants_operations_ = strategy_->wants_operations();
  Thread& first = fresh_thread();
  first.started = true;
}

Thread& Engine::fresh_thread() {
  if (count_ == kMostThreads) {
    Thread& self = *this_thread;
    unsupported(self, self.pending.pc, "more than 64 threads in one body");
  }
  std::unique_ptr<Thread>& slot = threads_[count_];
  if (slot == nullptr) {
    slot = std::make_unique<Thread>(count_);
    create_fiber(slot->fiber, count_, adopt, slot.get());
  }
  Thread& thread = *slot;
  thread.begin_run();
  // A run that ended in an exception left it there.
  *static_cast<ExceptionState*>(thread.exception_state) = {};
  prepare_fiber(thread.fiber, enter_thread, &thread);
  reset_thread_locals(thread.fiber);
  ++count_;
  ++unfinished_;
  return thread;
}

Thread& Engine::create_thread(Thread& creator, void* (*routine)(void*), void* argument) {
  Thread& created = fresh_thread();
  created.creator = creator.id;
  created.routine = routine;
  created.argument = argument;
  memory_->thread_created(creator.id, created.id);
  // The new thread runs up to its first visible operation at once: what it does until then is its own
  // business, and the strategy learns what it is about to do.
  hand_over(creator, created);
  return created;
}

void Engine::enter_thread(void* thread) {
  engine().run_thread(*static_cast<Thread*>(thread));
}

void Engine::run_thread(Thread& self) {
  // An exception that leaves the thread ends in std::terminate, at the place that threw it: still in the
  // program, so no scope's end may have run before.
  [this, &self]() noexcept {
    self.in_runtime = false;
    if (self.id == 0) {
      (*body_)();
    } else {
      self.result = self.routine(self.argument);
    }
    self.in_runtime = true;
  }();
  finish(self);
}

void Engine::finish(Thread& self) {
  run_exit_handlers(self);
  if (!self.holds.empty()) {
    fail(FailureKind::kMisuse, self, self.pending.pc,
         self.name + " ended while it held a lock, which now stays locked for ever");
  }
  Operation exit{
      .thread = self.id, .kind = OperationKind::kThreadExit, .object = self.id};
  performed(self, exit, true);
  if (probing_) conclude_lost_wake_up(self);
  self.finished = true;
  --unfinished_;
  ++changes_;
  if (self.id == 0) check_end_of_body(self);
  if (unfinished_ == 0) end_run();
  if (!self.started) {
    // It never had a visible operation: its creator is still waiting to go on.
    self.started = true;
    hand_over(self, *threads_[self.creator]);
  }
  hand_over(self, pick(self));
}

void Engine::run_exit_handlers(Thread& self) {
  while (!self.exit_handlers.empty()) {
    const ExitHandler handler = self.exit_handlers.back();
    self.exit_handlers.pop_back();
    const ProgramScope scope(self);
    handler.function(handler.argument);
  }
  for (ExitHandler destructor{}; take_own_value(self, destructor);) {
    // libstdc++ makes a future ready here (set_value_at_thread_exit), by a store that
    // nobody sees: see saw_nobodys_store.
    memory_->merge_to(self.id, kUnseenStores);
    unseen_stores_ = true;
    const ProgramScope scope(self);
    destructor.function(destructor.argument);
  }
}

void Engine::check_end_of_body(Thread& self) {
  for (ThreadId id = 1; id < count_; ++id) {
    const Thread& other = *threads_[id];
    if (other.joined || other.detached) continue;
    fail(FailureKind::kMisuse, self, self.pending.pc,
         "the body ended, but " + other.name + " was never joined");
  }
}

void Engine::end_run() {
  // I3: whoever is left stays where it is.
  switch_fiber(this_thread->fiber, explorer_);
  __builtin_unreachable();
}

Failure Engine::failure_after_the_end() {
  Failure failure;
  if (options_.assertion_failed != nullptr && !assertion_had_failed_ &&
      options_.assertion_failed()) {
    arena_.keep_everything();  // the test framework's list of failures lives there
    failure.kind = FailureKind::kCheck;
    failure.message =
        "a GoogleTest assertion in the body failed (its own message is above)";
    return failure;
  }
  if (arena_.live_blocks() == 0) return failure;
  for (const Arena::Block& block :
       unreachable_blocks(arena_, reinterpret_cast<Address>(explorer_.stack_pointer))) {
    if (!options_.leaks) break;
    failure.leaked.push_back(
        {block.begin, block.size, block.thread, block.allocated, kNoStep, {block.pc}});
  }
  if (failure.leaked.empty()) return failure;
  failure.kind = FailureKind::kLeak;
  failure.block = failure.leaked.front();
  failure.thread = failure.block.thread;
  failure.step = failure.block.allocated;
  failure.pc = failure.block.stack.front();
  std::uint64_t bytes = 0;
  for (const Block& block : failure.leaked) bytes += block.size;
  failure.message = std::to_string(failure.leaked.size()) +
                    (failure.leaked.size() == 1 ? " block of " : " blocks of together ") +
                    std::to_string(bytes) + " bytes not freed when the body ended";
  return failure;
}

// Who could not go on at the end shows what it wanted as its last step.
void Engine::trace_blocked() {
  for (ThreadId id = 0; id < count_; ++id) {
    Thread& thread = *threads_[id];
    if (thread.finished || !thread.started || can_go_on(thread)) continue;
    if (thread.wait == Wait::kSignal || thread.wait == Wait::kNothing) continue;
    if (Step* step = remark(thread, thread.pending)) {
      step->blocked = true;
      step->waits_for = holder_of_need(thread);
    }
  }
}

void Engine::saw_nobodys_store(Thread& self) {
  if (unseen_stores_) memory_->acquire_from(self.id, kUnseenStores);
}

// -- Failing ---------------------------------------------------------------------------------

void Engine::fail(Failure failure) {
  result_.failure = std::move(failure);
  end_run();
}

void Engine::fail(FailureKind kind, Thread& self, ProgramCounter pc,
                  std::string message) {
  Failure failure;
  failure.kind = kind;
  failure.thread = self.id;
  failure.step = step_;
  failure.pc = pc;
  failure.message = std::move(message);
  fail(std::move(failure));
}

void Engine::unsupported(Thread& self, ProgramCounter pc, const std::string& what) {
  fail(FailureKind::kUnsupported, self, pc,
       "interleave cannot run this body: it uses " + what + "; no verdict");
}

// -- Choosing --------------------------------------------------------------------------------

bool Engine::can_go_on(const Thread& thread) const {
  switch (thread.wait) {
    case Wait::kNothing:
      return true;
    case Wait::kExclusive:
      return thread.lock->free_for_writer();
    case Wait::kShared:
      return thread.lock->free_for_reader();
    case Wait::kJoin:
      return threads_[thread.target]->finished;
    case Wait::kSignal:
      return thread.signalled;
    case Wait::kChange:
      return thread.spin.changes_seen() != changes_ ||
             (thread.lock != nullptr && thread.lock->free_for_writer());
  }
  return false;
}

// The running thread first, then the others in order of creation; then those that yield, from the running
// one on; then those whose time would have to come, the earliest first.
void Engine::collect_alternatives(const Thread& running) {
  alternatives_.clear();
  bool some_yield = false;
  bool some_timed = false;
  const auto meet = [&](const Thread& thread) {
    if (thread.finished) return;
    if (!can_go_on(thread)) {
      some_timed = some_timed || thread.deadline != kNever;
    } else if (thread.started) {
      if (!thread.reluctant) return add_alternative(thread, false);
      some_yield = true;
    }
  };
  meet(running);
  for (ThreadId id = 0; id < count_; ++id) {
    if (id != running.id) meet(*threads_[id]);
  }
  if (some_yield) collect_yielding(running);
  if (some_timed) collect_timed();
}

void Engine::add_alternative(const Thread& thread, bool reluctant) {
  Alternative& added = alternatives_.emplace_back();
  added.thread = thread.id;
  added.pending = thread.pending;
  added.reluctant = reluctant;
}

void Engine::collect_yielding(const Thread& running) {
  for (ThreadId offset = 1; offset <= count_; ++offset) {
    const Thread& thread = *threads_[(running.id + offset) % count_];
    if (thread.finished || !thread.started || !thread.reluctant) continue;
    if (can_go_on(thread)) add_alternative(thread, true);
  }
}

void Engine::collect_timed() {
  const auto first = static_cast<std::ptrdiff_t>(alternatives_.size());
  for (ThreadId id = 0; id < count_; ++id) {
    const Thread& thread = *threads_[id];
    if (thread.finished || thread.deadline == kNever || can_go_on(thread)) continue;
    add_alternative(thread, true);
    alternatives_.back().pending.kind = OperationKind::kTimeOut;
  }
  std::stable_sort(alternatives_.begin() + first, alternatives_.end(),
                   [this](const Alternative& a, const Alternative& b) {
                     return threads_[a.thread]->deadline < threads_[b.thread]->deadline;
                   });
}

Thread& Engine::pick(const Thread& running) {
  for (;;) {
    collect_alternatives(running);
    if (!alternatives_.empty()) break;
    nothing_can_run();
  }
  const Alternative& chosen = alternatives_[decide(DecisionKind::kThread, alternatives_)];
  Thread& next = *threads_[chosen.thread];
  next.reluctant = false;
  if (chosen.pending.kind == OperationKind::kTimeOut) {
    next.timed_out = true;
    advance_to(next.deadline);
  }
  return next;
}

std::size_t Engine::decide(DecisionKind kind, std::span<const Alternative> alternatives) {
  if (alternatives.size() < 2 || probing_) return 0;
  Decision decision;
  decision.kind = kind;
  decision.number = static_cast<std::uint32_t>(result_.choices.size());
  decision.running = this_thread->id;
  decision.running_can_go_on = kind == DecisionKind::kThread && !this_thread->finished &&
                               alternatives[0].thread == this_thread->id &&
                               !alternatives[0].reluctant;
  decision.alternatives = alternatives;
  const std::size_t index = strategy_->choose(decision);
  if (index == kPrune) {
    result_.pruned = true;
    end_run();
  }
  result_.choices.push_back(static_cast<std::uint32_t>(index));
  return index;
}

bool Engine::happens_spuriously(Thread& self, const Operation& operation) {
  if (spurious_left_ == 0 || probing_ || alone()) return false;
  const std::array<Alternative, 2> alternatives{
      Alternative{.thread = self.id, .pending = operation},
      Alternative{.thread = self.id, .pending = operation}};
  if (decide(DecisionKind::kSpurious, alternatives) == 0) return false;
  --spurious_left_;
  return true;
}

void Engine::hand_over(Thread& self, Thread& next) {
  if (&self == &next) return;
  switch_fiber(self.fiber, next.fiber);
  while (stopping_ != nullptr) {
    const Thread& lender = *std::exchange(stopping_, nullptr);
    interleave_at_step();
    switch_fiber(self.fiber, lender.fiber);
  }
}

// Stops a debugger with the stack of `thread`, which need not be the one that runs.
void Engine::stop_in(Thread& thread) {
  Thread& running = *this_thread;
  if (&thread == &running) return interleave_at_step();
  stopping_ = &running;
  switch_fiber(running.fiber, thread.fiber);
}

bool Engine::point(Thread& self, const Operation& operation) {
  self.pending = operation;
  if (options_.trace != nullptr) self.pending_site = call_site_of(operation.pc);
  self.plain_accesses = 0;
  if (operation.kind != OperationKind::kYield) self.clock_reads = 0;
  if (!self.started) {
    self.started = true;
    hand_over(self, *threads_[self.creator]);
    return settle(self);  // chosen for the first time, and for this very operation
  }
  const bool repeats = self.spin.repeats(operation.pc, operation.object, changes_);
  if (repeats && self.spin.out_of_patience()) wait_for_change(self);
  const bool no_choice = repeats || unfinished_ == 1;
  if (no_choice && can_go_on(self)) return settle(self);
  return wait(self);
}

bool Engine::wait(Thread& self) {
  hand_over(self, pick(self));
  return settle(self);
}

// What it needed it has: the need is struck off.
bool Engine::settle(Thread& self) {
  const bool in_time = !self.timed_out;
  self.wait = Wait::kNothing;
  self.lock = nullptr;
  self.deadline = kNever;
  self.timed_out = false;
  self.signalled = false;
  self.reluctant = false;
  return in_time;
}

// A spinning thread is held back until going round again could differ.
void Engine::wait_for_change(Thread& self) {
  const Wait need = std::exchange(self.wait, Wait::kChange);
  // One that polls with try_lock waits for the lock; one that polls under a lock can always have it.
  Lock* const lock =
      need == Wait::kNothing ? self.lock : std::exchange(self.lock, nullptr);
  hand_over(self, pick(self));
  self.wait = need;
  self.lock = lock;
}

// -- Telling what happened -------------------------------------------------------------------

Step* Engine::performed(Thread& self, const Operation& operation, bool wrote) {
  if (probing_) return nullptr;
  if (++result_.steps > kMostSteps) ran_too_long("200,000 steps");
  mix(result_.fingerprint, operation.thread);
  mix(result_.fingerprint, static_cast<std::uint64_t>(operation.kind));
  if (wants_operations_) strategy_->executed(operation, wrote);
  if (repeats(self, operation))
    return nullptr;  // a picture of a spin needs one round of it
  return remark(self, operation);
}

Step* Engine::traced(Thread& self, const Operation& operation) {
  Trace* trace = options_.trace;
  Step step;
  step.number = step_;
  step.operation = operation;
  step.operation.thread = self.id;
  step.nanoseconds = now_;
  step.stack.push_back(operation.pc);
  const bool runs = &self == this_thread;
  const ProgramCounter site = runs ? call_site_of(operation.pc) : self.pending_site;
  if (site != 0) step.stack.push_back(site);
  step.stack.insert(step.stack.end(), self.calls.rbegin(), self.calls.rend());
  step.decisions = static_cast<std::uint32_t>(result_.choices.size());
  trace->steps.push_back(std::move(step));
  if (step_ == options_.stop_at) stop_in(self);
  return &trace->steps.back();
}

void Engine::ran_too_long(const char* what) {
  Failure failure;
  failure.kind = FailureKind::kLivelock;
  failure.thread = this_thread->id;
  failure.step = step_;
  failure.pc = this_thread->pending.pc;
  failure.message = std::string("the body did not end within ") + what;
  failure.waiting = everybody_waiting();
  fail(std::move(failure));
}

void Engine::trace_threads() {
  Trace& trace = *options_.trace;
  for (ThreadId id = 0; id < count_; ++id) {
    const Thread& thread = *threads_[id];
    ThreadRecord record;
    record.name = thread.name;
    record.creator = thread.creator;
    for (const Lock* lock : thread.holds) record.holds.push_back(lock->address);
    record.last_step = thread.last_step == 0 ? kNoStep : thread.last_step;
    record.finished = thread.finished;
    record.blocked = !thread.finished && !can_go_on(thread);
    trace.threads.push_back(std::move(record));
    trace.stacks.push_back({id, thread.fiber.stack_begin, thread.fiber.stack_end});
  }
}

void Engine::complete_trace() {
  Trace& trace = *options_.trace;
  if (trace.threads.empty()) trace_threads();
  for (const Arena::Block& block : arena_.blocks()) {
    trace.blocks.push_back({block.begin,
                            block.size,
                            block.thread,
                            block.allocated,
                            block.live ? kNoStep : block.released,
                            {block.pc}});
  }
}

}  // namespace interleave
