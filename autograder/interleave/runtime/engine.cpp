#include "interleave/runtime/engine.hpp"

#include <cxxabi.h>
#include <sys/single_threaded.h>

#include <memory>
#include <utility>

#include "interleave/runtime/call_site.hpp"
#include "interleave/runtime/program.hpp"
#include "interleave/runtime/starting_state.hpp"
#include "interleave/trace/counted.hpp"

namespace interleave {

Engine the_engine;
constinit thread_local Thread* this_thread = nullptr;
constinit thread_local bool is_exploring = false;

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

}  // namespace

// -- One run ----------------------------------------------------------------------------

RunResult Engine::run(const std::function<void()>& body, Strategy& strategy,
                      MemoryModel& memory, const RunOptions& options) {
  body_ = &body;
  memory_ = &memory;
  options_ = options;
  begin_run(strategy);
  switch_fiber(explorer_, threads_[0].fiber);
  RunResult result;
  result.pruned = scheduler().pruned();
  if (failure_) result.failure = std::move(failure_);
  if (!result.failure && !result.pruned) look_at_the_end(result.failure);
  descriptors().end_run();
  if (is_anything_held(result.pruned)) arena_.keep_everything();
  if (result.pruned) forget_waiters();
  result.choices = scheduler().take_choices();
  result.steps = tracer().operations();
  result.fingerprint = tracer().fingerprint();
  result.execution = memory.execution_hash();
  tracer().complete();
  strategy.end_schedule({static_cast<std::uint32_t>(result.choices.size()), result.steps,
                         static_cast<bool>(result.failure), result.pruned,
                         scheduler().cut(), result.execution});
  return result;
}

void Engine::begin_run(Strategy& strategy) {
  ++runs_;
  // Else the standard library counts shared_ptr owners without atomics.
  __libc_single_threaded = 0;
  become_fiber(explorer_);
  arena_.open();
  arena_.begin_run();
  objects_.clear();
  threads_.clear();
  if (failure_) failure_ = {};
  unseen_stores_ = false;
  assertion_had_failed_ = assertion_failed();
  memory_->begin_execution();
  descriptors().begin_run();
  probe().begin_run();
  scheduler().begin_run(strategy, options_.spurious);
  tracer().begin_run(strategy, options_.trace, options_.stop_at);
  Thread& first = fresh_thread();
  first.started = true;
}

Thread& Engine::fresh_thread() {
  if (threads_.full()) {
    Thread& self = *this_thread;
    unsupported(self, self.pending.pc,
                "more than " + std::to_string(kMostThreads) + " threads in one body");
  }
  Thread& thread = threads_.add([](ThreadId id) {
    auto made = std::make_unique<Thread>(id);
    create_fiber(made->fiber, id, adopt, made.get());
    return made;
  });
  starting_state().thread_is_used(thread.id, thread.fiber);
  thread.begin_run();
  // A run that ended in an exception left it there.
  *static_cast<ExceptionState*>(thread.exception_state) = {};
  prepare_fiber(thread.fiber, enter_thread, &thread);
  reset_thread_locals(thread.fiber);
  return thread;
}

Thread& Engine::create_thread(Thread& creator, void* (*routine)(void*), void* argument,
                              std::size_t stack_size) {
  Thread& created = fresh_thread();
  if (!enlarge_stack(created.fiber, stack_size)) {
    unsupported(
        creator, creator.pending.pc,
        "a stack of more than " + std::to_string(Fiber::kStackDistance >> 20U) + " MiB");
  }
  created.creator = creator.id;
  created.routine = routine;
  created.argument = argument;
  memory_->thread_created(creator.id, created.id);
  scheduler().start(creator, created);
  return created;
}

void Engine::enter_thread(void* thread) {
  engine().run_thread(*static_cast<Thread*>(thread));
}

void Engine::run_thread(Thread& self) {
  // An exception that leaves the thread ends in std::terminate, at the place that threw
  // it: still in the program, so no scope's end may have run before.
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
    misuse(self, 0, self.holds.back()->address,
           "ended while it held a lock, which now stays locked for ever");
  }
  const Operation exit{
      .thread = self.id, .kind = OperationKind::kThreadExit, .object = self.id};
  tracer().performed(self, exit, true);
  probe().thread_ends(self);
  threads_.note_finished(self);
  if (self.id == 0) check_end_of_body(self);
  if (threads_.unfinished() == 0) end_run();
  scheduler().leave(self);
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
    // is never seen: see saw_nobodys_store.
    memory_->merge_to(self.id, kUnseenStores);
    unseen_stores_ = true;
    const ProgramScope scope(self);
    destructor.function(destructor.argument);
  }
}

void Engine::check_end_of_body(Thread& self) {
  for (const Thread& other : threads_) {
    if (other.id == self.id || other.joined || other.detached) continue;
    fail(FailureKind::kMisuse, self, self.pending.pc,
         "the body ended, but " + other.name + " was never joined");
  }
}

void Engine::end_run() {
  // What is left stays where it is.
  switch_fiber(this_thread->fiber, explorer_);
  __builtin_unreachable();
}

bool Engine::assertion_failed() const {
  return options_.assertion_failed != nullptr && options_.assertion_failed();
}

namespace {

Failure leaked_descriptors() {
  Failure failure;
  failure.left_open = descriptors().left_open();
  if (failure.left_open.empty()) return failure;
  const OpenDescriptor& first = failure.left_open.front();
  failure.kind = FailureKind::kLeak;
  failure.thread = first.thread;
  failure.pc = first.stack.front();
  const std::size_t count = failure.left_open.size();
  failure.message = std::to_string(count) +
                    (count == 1 ? " descriptor was" : " descriptors were") +
                    " still open when the body ended";
  return failure;
}

}  // namespace

void Engine::look_at_the_end(Failure& failure) {
  if (!assertion_had_failed_ && assertion_failed()) {
    arena_.keep_everything();  // the test framework's list of failures lives there
    failure.kind = FailureKind::kCheck;
    failure.message =
        "a GoogleTest assertion in the body failed (its own message is above)";
    return;
  }
  if (options_.leaks && descriptors().were_opened()) failure = leaked_descriptors();
  if (arena_.live_blocks() == 0 || !options_.leaks) return;
  for (const Arena::Block& block : unreachable_blocks(arena_, program_stack_)) {
    failure.leaked.push_back(described(block));
  }
  if (failure.leaked.empty()) return;
  failure.left_open.clear();
  failure.kind = FailureKind::kLeak;
  failure.block = failure.leaked.front();
  failure.thread = failure.block.thread;
  failure.step = failure.block.allocated;
  failure.pc = failure.block.stack.front();
  std::uint64_t bytes = 0;
  for (const Block& block : failure.leaked) bytes += block.size;
  failure.message = counted(failure.leaked.size(), "block") +
                    (failure.leaked.size() == 1 ? " of " : " of together ") +
                    counted(bytes, "byte") + " not freed when the body ended";
}

// Whether a block of this run outlives it. A run that was given up leaves all that its threads
// had not freed, and so does one that may leak; nothing uses that again, unless a variable of
// the program points to it.
bool Engine::is_anything_held(bool given_up) {
  if (arena_.live_blocks() == 0) return false;
  if (!given_up && options_.leaks) return true;
  return unreachable_blocks(arena_, program_stack_).size() != arena_.live_blocks();
}

void Engine::saw_nobodys_store(Thread& self) {
  if (unseen_stores_) memory_->acquire_from(self.id, kUnseenStores);
}

// -- Failing ----------------------------------------------------------------------------

void Engine::fail(Failure failure) {
  failure_ = std::move(failure);
  end_run();
}

void Engine::fail(FailureKind kind, Thread& self, ProgramCounter pc,
                  std::string message) {
  Failure failure;
  failure.kind = kind;
  failure.thread = self.id;
  failure.step = tracer().step();
  failure.pc = pc;
  failure.stack = stack_at(self, pc);
  failure.message = std::move(message);
  fail(std::move(failure));
}

void Engine::unsupported(Thread& self, ProgramCounter pc, const std::string& what) {
  fail(FailureKind::kUnsupported, self, pc,
       "interleave cannot run this body: it uses " + what + "; no verdict");
}

void Engine::ran_too_long(const char* what) {
  Failure failure;
  failure.kind = FailureKind::kLivelock;
  failure.endless = true;
  failure.thread = this_thread->id;
  failure.step = tracer().step();
  failure.pc = this_thread->pending.pc;
  failure.message = std::string("the body did not end within ") + what;
  failure.waiting = probe().everybody_waiting();
  fail(std::move(failure));
}

}  // namespace interleave
