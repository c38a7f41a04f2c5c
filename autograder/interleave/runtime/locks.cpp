// Mutexes and reader-writer locks.
//
// A lock that was destroyed without a trace (std::mutex has no destructor) may be
// followed by a new one at the same address. So that the two can be told apart, a locked
// mutex says so in its own memory too: a new one has zeros there.
#include <errno.h>

#include <algorithm>

#include "interleave/runtime/call_site.hpp"
#include "interleave/runtime/program.hpp"
#include "interleave/runtime/program_costs.hpp"

namespace interleave {
namespace {

constexpr int kKindMask = 3;          // PTHREAD_MUTEX_NORMAL, _RECURSIVE, _ERRORCHECK
constexpr Address kReadersClock = 1;  // beside the writers', which is the address
// What a destroyed lock holds where its kind, or its readers, would be: a new one that needs
// no call to begin with holds something else.
constexpr int kKindOfTheDestroyed = -1;
constexpr unsigned kReadersOfTheDestroyed = ~0U;

Lock& known_lock(pthread_mutex_t* mutex) {
  Lock& lock = engine().objects().lock(reinterpret_cast<Address>(mutex));
  if (lock.life == Life::kDestroyed && mutex->__data.__kind != kKindOfTheDestroyed)
    lock.life = Life::kUnknown;
  if (lock.held() && mutex->__data.__lock == 0) {
    lock.owner = kNoThread;
    lock.depth = 0;
  }
  return lock;
}

Lock& known_lock(pthread_rwlock_t* rwlock) {
  Lock& lock = engine().objects().lock(reinterpret_cast<Address>(rwlock));
  if (lock.life == Life::kDestroyed &&
      rwlock->__data.__readers != kReadersOfTheDestroyed) {
    lock.life = Life::kUnknown;
  }
  if (lock.held() && rwlock->__data.__readers == 0) {
    lock.owner = kNoThread;
    lock.readers.clear();
  }
  return lock;
}

Operation operation_on(const Thread& self, OperationKind kind, const Lock& lock,
                       ProgramCounter pc) {
  return {.thread = self.id, .kind = kind, .object = lock.address, .pc = pc};
}

void note_blocked(Step* step, ThreadId holder) {
  if (step == nullptr || holder == kNoThread) return;
  step->blocked = true;
  step->waits_for = holder;
}

void took(Thread& self, Lock& lock) {
  note_work(self, Work::kLock, self.pending.pc);
  if (lock.last_owner != self.id) ++lock.hand_overs;
  lock.last_owner = self.id;
  ++self.counts.locks;
  self.holds.push_back(&lock);
  self.wrote_under_lock = false;
}

void gave_back(Thread& self, Lock& lock) {
  const auto held = std::find(self.holds.rbegin(), self.holds.rend(), &lock);
  if (held != self.holds.rend()) self.holds.erase(std::next(held).base());
  // A thread that polls under this lock need look again only if something was written under it.
  if (self.wrote_under_lock) scheduler().changed(self);
}

// Waits for the lock as asked. 0 if it may be taken now.
int obtain(Thread& self, Lock& lock, Wait need, OperationKind blocking,
           OperationKind trying, Patience patience, ProgramCounter pc) {
  const Operation operation =
      operation_on(self, patience.once ? trying : blocking, lock, pc);
  const ThreadId holder = lock.owner;
  if (!patience.once) {
    self.wait = need;
    self.lock = &lock;
    self.deadline = patience.deadline;
    const bool waited = lock.held();
    const bool in_time = scheduler().point(self, operation);
    expect_alive(self, operation);
    if (in_time) {
      if (waited) ++self.counts.wake_ups;
      return 0;
    }
    return ETIMEDOUT;
  }
  self.lock = &lock;
  scheduler().point(self, operation);
  expect_alive(self, operation);
  const bool available =
      need == Wait::kShared ? lock.free_for_reader() : lock.free_for_writer();
  if (available && !scheduler().happens_spuriously(self, operation)) return 0;
  scheduler().observe(self, pc, lock.address, lock.hand_overs);
  if (Step* step = tracer().performed(self, operation, false)) {
    step->succeeded = false;
    note_blocked(step, holder);
  }
  return EBUSY;
}

// Of what it holds already a thread's last step is this second lock, not what it did before.
[[noreturn]] void locks_again(Thread& self, OperationKind kind, const Lock& lock,
                              ProgramCounter pc, const std::string& what) {
  note_blocked(tracer().remark(self, operation_on(self, kind, lock, pc)), self.id);
  misuse(self, pc, lock.address, what);
}

void check_alive(Thread& self, const Lock& lock, ProgramCounter pc) {
  if (lock.life == Life::kDestroyed) {
    misuse(self, pc, lock.address, "uses a lock that was destroyed");
  }
}

}  // namespace

void misuse(Thread& self, ProgramCounter pc, Address object, const std::string& what) {
  Failure failure;
  failure.kind = FailureKind::kMisuse;
  failure.thread = self.id;
  failure.step = tracer().step();
  failure.pc = pc;
  failure.stack = stack_at(self, pc);
  failure.object = object;
  failure.message = self.name + " " + what;
  engine().fail(std::move(failure));
}

void begin_life(Thread& self, Life& life, Address object, const char* what,
                ProgramCounter pc) {
  if (life == Life::kMade && !is_on_a_stack(object)) {
    misuse(self, pc, object,
           std::string("initialises ") + what + " that is initialised already");
  }
  life = Life::kMade;
}

int lock_mutex(Thread& self, pthread_mutex_t* mutex, Patience patience,
               ProgramCounter pc) {
  Lock& lock = known_lock(mutex);
  check_alive(self, lock, pc);
  const int kind = mutex->__data.__kind & kKindMask;
  if (lock.owner == self.id && kind == PTHREAD_MUTEX_RECURSIVE) {
    ++lock.depth;
    return 0;
  }
  if (lock.owner == self.id && !patience.once) {
    if (kind == PTHREAD_MUTEX_ERRORCHECK) return EDEADLK;
    locks_again(self, OperationKind::kLock, lock, pc,
                "locks a mutex that it holds already");
  }
  if (const int error = obtain(self, lock, Wait::kExclusive, OperationKind::kLock,
                               OperationKind::kTryLock, patience, pc)) {
    return error;
  }
  scheduler().observe(self, pc, lock.address, lock.hand_overs);
  lock.owner = self.id;
  lock.depth = 1;
  mutex->__data.__lock = 1;
  took(self, lock);
  engine().memory().acquire_from(self.id, lock.address);
  tracer().performed(
      self,
      operation_on(self, patience.once ? OperationKind::kTryLock : OperationKind::kLock,
                   lock, pc),
      true);
  return 0;
}

int unlock_mutex(Thread& self, pthread_mutex_t* mutex, ProgramCounter pc) {
  Lock& lock = known_lock(mutex);
  expect_alive(self, operation_on(self, OperationKind::kUnlock, lock, pc));
  check_alive(self, lock, pc);
  if (lock.owner == kNoThread) {
    misuse(self, pc, lock.address, "unlocks a mutex that no thread holds");
  }
  if (lock.owner != self.id) {
    misuse(self, pc, lock.address,
           "unlocks a mutex that " + engine().threads()[lock.owner].name + " holds");
  }
  if (--lock.depth > 0) return 0;
  engine().memory().release_to(self.id, lock.address);
  lock.owner = kNoThread;
  mutex->__data.__lock = 0;
  tracer().performed(self, operation_on(self, OperationKind::kUnlock, lock, pc), true);
  gave_back(self, lock);
  return 0;
}

int destroy_mutex(Thread& self, pthread_mutex_t* mutex, ProgramCounter pc) {
  Lock& lock = known_lock(mutex);
  if (lock.held()) {
    misuse(self, pc, lock.address,
           "destroys a mutex that " + engine().threads()[lock.owner].name + " holds");
  }
  if (lock.life == Life::kDestroyed) {
    misuse(self, pc, lock.address, "destroys a mutex that was destroyed before");
  }
  lock.life = Life::kDestroyed;
  mutex->__data.__kind = kKindOfTheDestroyed;
  return 0;
}

void make_mutex(Thread& self, pthread_mutex_t* mutex, ProgramCounter pc) {
  Lock& lock = known_lock(mutex);
  if (lock.held()) misuse(self, pc, lock.address, "initialises a mutex that is locked");
  begin_life(self, lock.life, lock.address, "a mutex", pc);
}

void make_readers_writer(Thread& self, pthread_rwlock_t* rwlock, ProgramCounter pc) {
  Lock& lock = known_lock(rwlock);
  if (lock.held()) misuse(self, pc, lock.address, "initialises a lock that is held");
  begin_life(self, lock.life, lock.address, "a reader-writer lock", pc);
}

int lock_for_writing(Thread& self, pthread_rwlock_t* rwlock, Patience patience,
                     ProgramCounter pc) {
  Lock& lock = known_lock(rwlock);
  check_alive(self, lock, pc);
  if (lock.owner == self.id && !patience.once) {
    locks_again(self, OperationKind::kLock, lock, pc,
                "locks a reader-writer lock for writing that it holds already");
  }
  if (const int error = obtain(self, lock, Wait::kExclusive, OperationKind::kLock,
                               OperationKind::kTryLock, patience, pc)) {
    return error;
  }
  scheduler().observe(self, pc, lock.address, lock.hand_overs);
  lock.owner = self.id;
  rwlock->__data.__readers = 1;
  took(self, lock);
  engine().memory().acquire_from(self.id, lock.address);
  engine().memory().acquire_from(self.id, lock.address + kReadersClock);
  tracer().performed(
      self,
      operation_on(self, patience.once ? OperationKind::kTryLock : OperationKind::kLock,
                   lock, pc),
      true);
  return 0;
}

int lock_for_reading(Thread& self, pthread_rwlock_t* rwlock, Patience patience,
                     ProgramCounter pc) {
  Lock& lock = known_lock(rwlock);
  check_alive(self, lock, pc);
  if (lock.owner == self.id && !patience.once) {
    locks_again(self, OperationKind::kLockShared, lock, pc,
                "locks a reader-writer lock for reading that it holds for writing");
  }
  if (const int error = obtain(self, lock, Wait::kShared, OperationKind::kLockShared,
                               OperationKind::kTryLockShared, patience, pc)) {
    return error;
  }
  scheduler().observe(self, pc, lock.address, lock.hand_overs);
  lock.readers.add(self.id);
  ++lock.depth;
  rwlock->__data.__readers = 1;
  took(self, lock);
  engine().memory().acquire_from(self.id, lock.address);
  tracer().performed(self,
                     operation_on(self,
                                  patience.once ? OperationKind::kTryLockShared
                                                : OperationKind::kLockShared,
                                  lock, pc),
                     true);
  return 0;
}

int unlock_readers_writer(Thread& self, pthread_rwlock_t* rwlock, ProgramCounter pc) {
  Lock& lock = known_lock(rwlock);
  expect_alive(self, operation_on(self, OperationKind::kUnlock, lock, pc));
  check_alive(self, lock, pc);
  if (lock.owner == self.id) {
    engine().memory().release_to(self.id, lock.address);
    lock.owner = kNoThread;
    rwlock->__data.__readers = 0;
    tracer().performed(self, operation_on(self, OperationKind::kUnlock, lock, pc), true);
  } else if (std::count(self.holds.begin(), self.holds.end(), &lock) != 0) {
    engine().memory().merge_to(self.id, lock.address + kReadersClock);
    if (std::count(self.holds.begin(), self.holds.end(), &lock) == 1) {
      lock.readers.remove(self.id);
    }
    if (lock.readers.empty()) rwlock->__data.__readers = 0;
    tracer().performed(self, operation_on(self, OperationKind::kUnlockShared, lock, pc),
                       true);
  } else {
    misuse(self, pc, lock.address, "unlocks a reader-writer lock that it does not hold");
  }
  gave_back(self, lock);
  return 0;
}

int destroy_readers_writer(Thread& self, pthread_rwlock_t* rwlock, ProgramCounter pc) {
  Lock& lock = known_lock(rwlock);
  if (lock.held()) {
    misuse(self, pc, lock.address, "destroys a reader-writer lock that is held");
  }
  if (lock.life == Life::kDestroyed) {
    misuse(self, pc, lock.address, "destroys a lock that was destroyed before");
  }
  lock.life = Life::kDestroyed;
  rwlock->__data.__readers = kReadersOfTheDestroyed;
  return 0;
}

}  // namespace interleave
