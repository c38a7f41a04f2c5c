// Threads, time, and what happens once.
#include <errno.h>

#include <utility>
#include <vector>

#include "interleave/runtime/program.hpp"

namespace interleave {
namespace {

// Handles are the same in every process, since std::barrier chooses its slots by their hash.
constexpr pthread_t kFirstHandle = 0x1000;

constexpr std::uint64_t kSecond = 1'000'000'000;
// When a body begins, in each clock's own time: a plausible date, some time after start-up.
constexpr std::uint64_t kDateAtStart = 1'700'000'000 * kSecond;
constexpr std::uint64_t kUptimeAtStart = 1'000 * kSecond;

constexpr std::uint64_t kClockTick = 100;
constexpr std::uint32_t kMostTickDoublings = 24;
constexpr std::uint32_t kClockReadsBeforeYield = 8;

std::uint64_t time_at_start(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI
             ? kDateAtStart
             : kUptimeAtStart;
}

Thread& thread_of(Thread& self, pthread_t handle, ProgramCounter pc) {
  const auto id = static_cast<ThreadId>((handle - kFirstHandle) / kFirstHandle);
  if (handle < kFirstHandle || id >= engine().threads().size()) {
    engine().unsupported(self, pc, "a thread that was not started in the body");
  }
  return engine().threads()[id];
}

}  // namespace

pthread_t handle_of(const Thread& thread) { return kFirstHandle * (thread.id + 1); }

int create(Thread& self, pthread_t* handle, const pthread_attr_t* attributes,
           void* (*routine)(void*), void* argument, ProgramCounter pc) {
  const Operation operation{.thread = self.id,
                            .kind = OperationKind::kThreadCreate,
                            .object = engine().threads().size(),
                            .pc = pc};
  tracer().performed(self, operation, true);
  scheduler().changed(self);
  // Written before the thread runs: what it captured may hold the handle.
  *handle = kFirstHandle * (engine().threads().size() + 1);
  int state = PTHREAD_CREATE_JOINABLE;
  std::size_t stack_size = 0;
  if (attributes != nullptr) {
    pthread_attr_getdetachstate(attributes, &state);
    pthread_attr_getstacksize(attributes, &stack_size);
  }
  Thread& created = engine().create_thread(self, routine, argument, stack_size);
  created.detached = created.detached || state == PTHREAD_CREATE_DETACHED;
  return 0;
}

int join(Thread& self, pthread_t handle, void** result, std::uint64_t deadline,
         ProgramCounter pc) {
  Thread& target = thread_of(self, handle, pc);
  if (target.id == self.id) return EDEADLK;
  if (target.joined || target.detached) {
    engine().fail(
        FailureKind::kMisuse, self, pc,
        self.name + " joins " + target.name + ", which was joined or detached before");
  }
  const Operation operation{.thread = self.id,
                            .kind = OperationKind::kThreadJoin,
                            .object = target.id,
                            .pc = pc};
  self.wait = Wait::kJoin;
  self.target = target.id;
  self.deadline = deadline;
  if (!scheduler().point(self, operation)) return ETIMEDOUT;
  target.joined = true;
  if (result != nullptr) *result = target.result;
  engine().memory().thread_joined(self.id, target.id);
  tracer().performed(self, operation, true);
  return 0;
}

int detach(Thread& self, pthread_t handle, ProgramCounter pc) {
  Thread& target = thread_of(self, handle, pc);
  target.detached = true;
  tracer().performed(self,
                     {.thread = self.id,
                      .kind = OperationKind::kThreadDetach,
                      .object = target.id,
                      .pc = pc},
                     true);
  return 0;
}

// -- Thread-specific values -------------------------------------------------------------

namespace {

using Destructor = void (*)(void*);

std::vector<Destructor>& destructors() {
  static std::vector<Destructor> by_key;
  return by_key;
}

}  // namespace

void note_key(unsigned key, Destructor destructor) {
  if (key >= destructors().size()) destructors().resize(key + 1);
  destructors()[key] = destructor;
}

void set_own_value(Thread& self, unsigned key, const void* value) {
  for (OwnValue& own : self.own_values) {
    if (own.key != key) continue;
    own.value = const_cast<void*>(value);
    return;
  }
  self.own_values.push_back({key, const_cast<void*>(value)});
}

void* own_value(const Thread& self, unsigned key) {
  for (const OwnValue& own : self.own_values) {
    if (own.key == key) return own.value;
  }
  return nullptr;
}

bool take_own_value(Thread& self, ExitHandler& destructor) {
  for (OwnValue& own : self.own_values) {
    const bool known =
        own.key < destructors().size() && destructors()[own.key] != nullptr;
    if (own.value == nullptr || !known) continue;
    destructor = {destructors()[own.key], std::exchange(own.value, nullptr)};
    return true;
  }
  return false;
}

// -- Time -------------------------------------------------------------------------------

std::uint64_t nanoseconds(const timespec& duration) {
  return static_cast<std::uint64_t>(duration.tv_sec) * kSecond +
         static_cast<std::uint64_t>(duration.tv_nsec);
}

std::uint64_t virtual_time(clockid_t clock, const timespec& time) {
  if (time.tv_sec < 0) return 0;
  const std::uint64_t start = time_at_start(clock);
  const std::uint64_t wanted = nanoseconds(time);
  return wanted <= start ? 0 : wanted - start;
}

void yield(Thread& self, ProgramCounter pc) {
  const Operation operation{.thread = self.id, .kind = OperationKind::kYield, .pc = pc};
  // atomic::wait reads sixteen times and yields in between before it goes to sleep; to be
  // held up there would hide that no thread wakes it.
  if (scheduler().spins(self) && !scheduler().repeats(self, operation)) return;
  self.reluctant = true;
  scheduler().point(self, operation);
  scheduler().observe(self, pc, 0, 0);
  tracer().performed(self, operation, false);
}

void sleep_until(Thread& self, std::uint64_t deadline, ProgramCounter pc) {
  const Operation operation{.thread = self.id, .kind = OperationKind::kSleep, .pc = pc};
  scheduler().observe(self, pc, 0, 0);
  if (deadline <= scheduler().now()) return yield(self, pc);
  self.wait = Wait::kSignal;
  self.deadline = deadline;
  if (Step* step = tracer().performed(self, operation, false)) {
    step->amount = deadline - scheduler().now();
  }
  scheduler().point(self, operation);
}

timespec read_clock(Thread& self, clockid_t clock, ProgramCounter pc) {
  if (++self.clock_reads % kClockReadsBeforeYield == 0) yield(self, pc);
  const std::uint32_t doublings = std::min(self.clock_reads, kMostTickDoublings);
  scheduler().advance_to(scheduler().now() + (kClockTick << doublings));
  scheduler().observe(self, pc, 0, scheduler().now());
  const std::uint64_t time = time_at_start(clock) + scheduler().now();
  return {static_cast<time_t>(time / kSecond), static_cast<long>(time % kSecond)};
}

// -- Once -------------------------------------------------------------------------------

bool begin_once(Thread& self, Address flag, bool (*is_done)(Address), ProgramCounter pc) {
  Lock& lock = engine().objects().lock(flag);
  const Operation operation{
      .thread = self.id, .kind = OperationKind::kOnceEnter, .object = flag, .pc = pc};
  if (lock.owner == self.id) {
    engine().fail(FailureKind::kDeadlock, self, pc,
                  self.name + " initialises something that needs itself");
  }
  self.wait = Wait::kExclusive;
  self.lock = &lock;
  scheduler().point(self, operation);
  engine().memory().acquire_from(self.id, flag);
  tracer().performed(self, operation, true);
  if (is_done(flag)) return false;
  lock.owner = self.id;
  return true;
}

void end_once(Thread& self, Address flag) {
  engine().memory().release_to(self.id, flag);
  engine().objects().lock(flag).owner = kNoThread;
  tracer().performed(
      self, {.thread = self.id, .kind = OperationKind::kOnceDone, .object = flag}, true);
  scheduler().changed(self);
}

}  // namespace interleave
