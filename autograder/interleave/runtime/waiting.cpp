// Condition variables, futexes, semaphores and barriers: threads that wait for a signal.
#include <errno.h>

#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "interleave/runtime/program.hpp"
#include "interleave/runtime/program_costs.hpp"

namespace interleave {
namespace {

// Takes one waiter out of the queue: the one that the strategy says.
Thread& wake_one(Thread& self, WaitQueue& queue, const Operation& operation) {
  std::vector<Alternative> alternatives;
  for (std::size_t i = 0; queue.size > 1 && i < queue.size; ++i) {
    alternatives.push_back({.thread = queue.waiters[i], .pending = operation});
  }
  const std::size_t chosen = scheduler().decide(DecisionKind::kWaiter, alternatives);
  Thread& woken = engine().threads()[queue.waiters[chosen]];
  queue.remove(woken.id);
  engine().threads().wake(woken);
  probe().made_progress(self);
  return woken;
}

std::size_t wake(Thread& self, WaitQueue& queue, std::size_t most,
                 const Operation& operation) {
  std::array<Thread*, kMostThreads> woken;
  std::size_t count = 0;
  while (count < most && queue.size > 0)
    woken[count++] = &wake_one(self, queue, operation);
  probe().made_progress(self);
  Step* step = tracer().performed(self, operation, true);
  if (step != nullptr) step->amount = count;
  queue.last_notify = tracer().step();
  for (std::size_t i = 0; i < count; ++i) woken[i]->woken_by = tracer().step();
  return count;
}

// In the queue until it is woken. False if time ran out first.
bool wait_in(Thread& self, WaitQueue& queue, std::uint64_t deadline) {
  queue.add(self.id);
  self.woken_by = kNoStep;
  self.wait = Wait::kSignal;
  self.deadline = deadline;
  if (deadline == kNever) engine().threads().note_asleep(self);
  const bool in_time = scheduler().wait(self);
  queue.remove(self.id);
  ++self.counts.wake_ups;
  note_work(self, Work::kWakeUp, self.pending.pc);
  return in_time;
}

}  // namespace

// -- Condition variables ----------------------------------------------------------------

namespace {

// A condition that was destroyed holds it; a new one, that may need no call to begin with,
// does not.
constexpr unsigned kMarkOfTheDestroyed = ~0U;

WaitQueue& known_condition(pthread_cond_t* condition) {
  WaitQueue& queue = engine().objects().queue(reinterpret_cast<Address>(condition));
  const bool new_one = condition->__data.__wrefs != kMarkOfTheDestroyed;
  if (queue.life == Life::kDestroyed && new_one) queue.life = Life::kUnknown;
  return queue;
}

void check_alive(Thread& self, pthread_cond_t* condition, const Operation& operation) {
  expect_alive(self, operation);
  if (known_condition(condition).life == Life::kDestroyed) {
    misuse(self, operation.pc, operation.object,
           "uses a condition variable that was destroyed");
  }
}

}  // namespace

int wait_on_condition(Thread& self, pthread_cond_t* condition, pthread_mutex_t* mutex,
                      std::uint64_t deadline, ProgramCounter pc) {
  const auto address = reinterpret_cast<Address>(condition);
  Operation operation{.thread = self.id,
                      .kind = OperationKind::kConditionWait,
                      .object = address,
                      .second_object = reinterpret_cast<Address>(mutex),
                      .pc = pc};
  scheduler().point(self, operation);
  check_alive(self, condition, operation);
  scheduler().observe(self, pc, address, 0);
  const bool spurious = scheduler().happens_spuriously(self, operation);
  if (Step* step = tracer().performed(self, operation, true)) step->blocked = !spurious;
  unlock_mutex(self, mutex, pc);
  self.pending = operation;
  const bool in_time =
      spurious || wait_in(self, engine().objects().queue(address), deadline);

  operation.kind = OperationKind::kConditionWake;
  if (Step* step = tracer().performed(self, operation, true)) {
    step->succeeded = in_time;
    step->woken_by = spurious ? kNoStep : self.woken_by;
  }
  lock_mutex(self, mutex, {}, pc);
  return in_time ? 0 : ETIMEDOUT;
}

int notify_condition(Thread& self, pthread_cond_t* condition, bool all,
                     ProgramCounter pc) {
  const Operation operation{
      .thread = self.id,
      .kind = all ? OperationKind::kNotifyAll : OperationKind::kNotifyOne,
      .object = reinterpret_cast<Address>(condition),
      .pc = pc};
  scheduler().point(self, operation);
  check_alive(self, condition, operation);
  wake(self, engine().objects().queue(operation.object), all ? kMostThreads : 1,
       operation);
  return 0;
}

int destroy_condition(Thread& self, pthread_cond_t* condition, ProgramCounter pc) {
  WaitQueue& queue = known_condition(condition);
  if (queue.size != 0) {
    misuse(self, pc, queue.address,
           "destroys a condition variable that " +
               engine().threads()[queue.waiters[0]].name + " waits on");
  }
  if (queue.life == Life::kDestroyed) {
    misuse(self, pc, queue.address,
           "destroys a condition variable that was destroyed before");
  }
  queue.life = Life::kDestroyed;
  condition->__data.__wrefs = kMarkOfTheDestroyed;
  return 0;
}

void make_condition(Thread& self, pthread_cond_t* condition, ProgramCounter pc) {
  WaitQueue& queue = known_condition(condition);
  if (queue.size != 0) {
    misuse(self, pc, queue.address,
           "initialises a condition variable that " +
               engine().threads()[queue.waiters[0]].name + " waits on");
  }
  begin_life(self, queue.life, queue.address, "a condition variable", pc);
}

// -- Futexes ----------------------------------------------------------------------------

long wait_on_futex(Thread& self, const int* word, int expected, std::uint64_t deadline,
                   ProgramCounter pc) {
  const Operation operation{.thread = self.id,
                            .kind = OperationKind::kFutexWait,
                            .size = sizeof *word,
                            .object = reinterpret_cast<Address>(word),
                            .pc = pc};
  scheduler().point(self, operation);
  scheduler().observe(self, pc, operation.object, static_cast<std::uint64_t>(*word));
  // libstdc++ 12's semaphore sleeps on a count that it read before it last looked (its
  // bug 104928). The call may return for no reason, so it does, where the thread knows
  // better than what it expects.
  const bool knows_better =
      self.last_read == operation.object && static_cast<int>(self.last_seen) != expected;
  if (*word != expected || knows_better) {
    if (Step* step = tracer().performed(self, operation, false)) step->succeeded = false;
    errno = EAGAIN;
    return -1;
  }
  if (Step* step = tracer().performed(self, operation, true)) step->blocked = true;
  // A thread that sleeps in the end did not spin: atomic::wait looks a few times before.
  self.counts.spins -= std::exchange(self.looks_again, 0);
  if (wait_in(self, engine().objects().queue(operation.object), deadline)) return 0;
  errno = ETIMEDOUT;
  return -1;
}

long wake_futex(Thread& self, const int* word, int most, ProgramCounter pc) {
  const Operation operation{.thread = self.id,
                            .kind = OperationKind::kFutexWake,
                            .object = reinterpret_cast<Address>(word),
                            .pc = pc};
  scheduler().point(self, operation);
  return static_cast<long>(wake(self, engine().objects().queue(operation.object),
                                static_cast<std::size_t>(most), operation));
}

// -- POSIX semaphores -------------------------------------------------------------------

namespace {

Semaphore& known_semaphore(sem_t* semaphore) {
  Semaphore& known = engine().objects().semaphore(reinterpret_cast<Address>(semaphore));
  if (!known.known) {
    int value = 0;
    sem_getvalue(semaphore, &value);
    known.known = true;
    known.count = static_cast<std::uint64_t>(value);
  }
  return known;
}

}  // namespace

int wait_on_semaphore(Thread& self, sem_t* semaphore, Patience patience,
                      ProgramCounter pc) {
  Semaphore& known = known_semaphore(semaphore);
  const Operation operation{.thread = self.id,
                            .kind = OperationKind::kSemaphoreWait,
                            .object = known.address,
                            .pc = pc};
  scheduler().point(self, operation);
  while (known.count == 0) {
    if (patience.once ||
        !wait_in(self, engine().objects().queue(known.address), patience.deadline)) {
      errno = patience.once ? EAGAIN : ETIMEDOUT;
      return -1;
    }
  }
  --known.count;
  engine().memory().acquire_from(self.id, known.address);
  tracer().performed(self, operation, true);
  scheduler().changed(self);
  return 0;
}

int post_semaphore(Thread& self, sem_t* semaphore, ProgramCounter pc) {
  Semaphore& known = known_semaphore(semaphore);
  const Operation operation{.thread = self.id,
                            .kind = OperationKind::kSemaphorePost,
                            .object = known.address,
                            .pc = pc};
  scheduler().point(self, operation);
  ++known.count;
  engine().memory().merge_to(self.id, known.address);
  wake(self, engine().objects().queue(known.address), 1, operation);
  scheduler().changed(self);
  return 0;
}

// -- POSIX barriers ---------------------------------------------------------------------

namespace {

bool is_blank(const pthread_barrier_t& barrier) {
  static const pthread_barrier_t blank{};
  return std::memcmp(&barrier, &blank, sizeof blank) == 0;
}

}  // namespace

int make_barrier(Thread& self, pthread_barrier_t* barrier, unsigned count,
                 ProgramCounter pc) {
  Barrier& known = engine().objects().barrier(reinterpret_cast<Address>(barrier));
  if (known.arrived != 0) {
    misuse(self, pc, known.address, "initialises a barrier that threads wait at");
  }
  begin_life(self, known.life, known.address, "a barrier", pc);
  known.expected = count;
  return 0;
}

int destroy_barrier(Thread& self, pthread_barrier_t* barrier, ProgramCounter pc) {
  Barrier& known = engine().objects().barrier(reinterpret_cast<Address>(barrier));
  if (known.arrived != 0) {
    misuse(self, pc, known.address, "destroys a barrier that threads wait at");
  }
  if (known.life == Life::kDestroyed) {
    misuse(self, pc, known.address, "destroys a barrier that was destroyed before");
  }
  known.life = Life::kDestroyed;
  return 0;
}

int wait_at_barrier(Thread& self, pthread_barrier_t* barrier, ProgramCounter pc) {
  Barrier& known = engine().objects().barrier(reinterpret_cast<Address>(barrier));
  const Operation operation{.thread = self.id,
                            .kind = OperationKind::kBarrierWait,
                            .object = known.address,
                            .pc = pc};
  if (known.expected == 0 && is_blank(*barrier)) {
    misuse(self, pc, known.address, "waits at a barrier that was never initialised");
  }
  if (known.expected == 0)
    engine().unsupported(self, pc, "a pthread_barrier made outside it");
  scheduler().point(self, operation);
  expect_alive(self, operation);
  if (known.life == Life::kDestroyed) {
    misuse(self, pc, known.address, "waits at a barrier that was destroyed");
  }
  engine().memory().merge_to(self.id, known.address);
  tracer().performed(self, operation, true);
  if (++known.arrived == known.expected) {
    known.arrived = 0;
    wake(self, engine().objects().queue(known.address), kMostThreads, operation);
    engine().memory().acquire_from(self.id, known.address);
    return PTHREAD_BARRIER_SERIAL_THREAD;
  }
  wait_in(self, engine().objects().queue(known.address), kNever);
  engine().memory().acquire_from(self.id, known.address);
  return 0;
}

}  // namespace interleave
