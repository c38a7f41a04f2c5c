// The blocking calls of the C library. In a body they go to the scheduler, outside to the
// C library.
//
// libstdc++ reaches them too, since a program's symbols come before the C library's.
#include <cxxabi.h>
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>

#include "interleave/runtime/fresh_process.hpp"
#include "interleave/runtime/program.hpp"
#include "interleave/runtime/real.hpp"
#include "interleave/runtime/starting_state.hpp"

#define INTERLEAVE_HOOK extern "C" __attribute__((visibility("default")))
#define CALLER reinterpret_cast<interleave::ProgramCounter>(__builtin_return_address(0))

using namespace interleave;

// In a body: the statement, with `self` and `pc`; outside: falls through.
#define INTERLEAVE_IN_BODY(...)              \
  if (Thread* const self = body_thread()) {  \
    const RuntimeScope scope(*self);         \
    [[maybe_unused]] const auto pc = CALLER; \
    __VA_ARGS__;                             \
  }

namespace {

Patience until(clockid_t clock, const timespec* time) {
  return {.deadline = virtual_time(clock, *time)};
}
constexpr Patience kForever{};
constexpr Patience kOnce{.once = true};

std::uint64_t after(Thread&, const timespec& duration) {
  return scheduler().now() + nanoseconds(duration);
}

}  // namespace

// -- Mutexes ----------------------------------------------------------------------------

INTERLEAVE_HOOK int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  INTERLEAVE_IN_BODY(return lock_mutex(*self, mutex, kForever, pc))
  return real().pthread_mutex_lock(mutex);
}
INTERLEAVE_HOOK int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
  INTERLEAVE_IN_BODY(return lock_mutex(*self, mutex, kOnce, pc))
  return real().pthread_mutex_trylock(mutex);
}
INTERLEAVE_HOOK int pthread_mutex_timedlock(pthread_mutex_t* mutex,
                                            const timespec* time) noexcept {
  INTERLEAVE_IN_BODY(return lock_mutex(*self, mutex, until(CLOCK_REALTIME, time), pc))
  return real().pthread_mutex_timedlock(mutex, time);
}
INTERLEAVE_HOOK int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock,
                                            const timespec* time) noexcept {
  INTERLEAVE_IN_BODY(return lock_mutex(*self, mutex, until(clock, time), pc))
  return real().pthread_mutex_clocklock(mutex, clock, time);
}
INTERLEAVE_HOOK int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  INTERLEAVE_IN_BODY(return unlock_mutex(*self, mutex, pc))
  return real().pthread_mutex_unlock(mutex);
}
INTERLEAVE_HOOK int pthread_mutex_destroy(pthread_mutex_t* mutex) noexcept {
  INTERLEAVE_IN_BODY(return destroy_mutex(*self, mutex, pc))
  return real().pthread_mutex_destroy(mutex);
}

// -- Reader-writer locks ----------------------------------------------------------------

INTERLEAVE_HOOK int pthread_rwlock_rdlock(pthread_rwlock_t* lock) noexcept {
  INTERLEAVE_IN_BODY(return lock_for_reading(*self, lock, kForever, pc))
  return real().pthread_rwlock_rdlock(lock);
}
INTERLEAVE_HOOK int pthread_rwlock_tryrdlock(pthread_rwlock_t* lock) noexcept {
  INTERLEAVE_IN_BODY(return lock_for_reading(*self, lock, kOnce, pc))
  return real().pthread_rwlock_tryrdlock(lock);
}
INTERLEAVE_HOOK int pthread_rwlock_timedrdlock(pthread_rwlock_t* lock,
                                               const timespec* time) noexcept {
  INTERLEAVE_IN_BODY(
      return lock_for_reading(*self, lock, until(CLOCK_REALTIME, time), pc))
  return real().pthread_rwlock_timedrdlock(lock, time);
}
INTERLEAVE_HOOK int pthread_rwlock_clockrdlock(pthread_rwlock_t* lock, clockid_t clock,
                                               const timespec* time) noexcept {
  INTERLEAVE_IN_BODY(return lock_for_reading(*self, lock, until(clock, time), pc))
  return real().pthread_rwlock_clockrdlock(lock, clock, time);
}
INTERLEAVE_HOOK int pthread_rwlock_wrlock(pthread_rwlock_t* lock) noexcept {
  INTERLEAVE_IN_BODY(return lock_for_writing(*self, lock, kForever, pc))
  return real().pthread_rwlock_wrlock(lock);
}
INTERLEAVE_HOOK int pthread_rwlock_trywrlock(pthread_rwlock_t* lock) noexcept {
  INTERLEAVE_IN_BODY(return lock_for_writing(*self, lock, kOnce, pc))
  return real().pthread_rwlock_trywrlock(lock);
}
INTERLEAVE_HOOK int pthread_rwlock_timedwrlock(pthread_rwlock_t* lock,
                                               const timespec* time) noexcept {
  INTERLEAVE_IN_BODY(
      return lock_for_writing(*self, lock, until(CLOCK_REALTIME, time), pc))
  return real().pthread_rwlock_timedwrlock(lock, time);
}
INTERLEAVE_HOOK int pthread_rwlock_clockwrlock(pthread_rwlock_t* lock, clockid_t clock,
                                               const timespec* time) noexcept {
  INTERLEAVE_IN_BODY(return lock_for_writing(*self, lock, until(clock, time), pc))
  return real().pthread_rwlock_clockwrlock(lock, clock, time);
}
INTERLEAVE_HOOK int pthread_rwlock_unlock(pthread_rwlock_t* lock) noexcept {
  INTERLEAVE_IN_BODY(return unlock_readers_writer(*self, lock, pc))
  return real().pthread_rwlock_unlock(lock);
}
INTERLEAVE_HOOK int pthread_rwlock_destroy(pthread_rwlock_t* lock) noexcept {
  INTERLEAVE_IN_BODY(return destroy_readers_writer(*self, lock, pc))
  return real().pthread_rwlock_destroy(lock);
}

// -- Condition variables ----------------------------------------------------------------

INTERLEAVE_HOOK int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  INTERLEAVE_IN_BODY(return wait_on_condition(*self, condition, mutex, kNever, pc))
  return real().pthread_cond_wait(condition, mutex);
}
INTERLEAVE_HOOK int pthread_cond_timedwait(pthread_cond_t* condition,
                                           pthread_mutex_t* mutex, const timespec* time) {
  INTERLEAVE_IN_BODY(return wait_on_condition(*self, condition, mutex,
                                              virtual_time(CLOCK_REALTIME, *time), pc))
  return real().pthread_cond_timedwait(condition, mutex, time);
}
INTERLEAVE_HOOK int pthread_cond_clockwait(pthread_cond_t* condition,
                                           pthread_mutex_t* mutex, clockid_t clock,
                                           const timespec* time) {
  INTERLEAVE_IN_BODY(
      return wait_on_condition(*self, condition, mutex, virtual_time(clock, *time), pc))
  return real().pthread_cond_clockwait(condition, mutex, clock, time);
}
INTERLEAVE_HOOK int pthread_cond_signal(pthread_cond_t* condition) noexcept {
  INTERLEAVE_IN_BODY(return notify_condition(*self, condition, false, pc))
  return real().pthread_cond_signal(condition);
}
INTERLEAVE_HOOK int pthread_cond_broadcast(pthread_cond_t* condition) noexcept {
  INTERLEAVE_IN_BODY(return notify_condition(*self, condition, true, pc))
  return real().pthread_cond_broadcast(condition);
}
INTERLEAVE_HOOK int pthread_cond_destroy(pthread_cond_t* condition) noexcept {
  INTERLEAVE_IN_BODY(return destroy_condition(*self, condition, pc))
  return real().pthread_cond_destroy(condition);
}

// -- Threads ----------------------------------------------------------------------------

INTERLEAVE_HOOK int pthread_create(pthread_t* handle, const pthread_attr_t* attributes,
                                   void* (*routine)(void*), void* argument) noexcept {
  INTERLEAVE_IN_BODY(return create(*self, handle, attributes, routine, argument, pc))
  note_what_is_not_saved();
  return real().pthread_create(handle, attributes, routine, argument);
}
INTERLEAVE_HOOK int pthread_join(pthread_t handle, void** result) {
  INTERLEAVE_IN_BODY(return join(*self, handle, result, kNever, pc))
  return real().pthread_join(handle, result);
}
INTERLEAVE_HOOK int pthread_detach(pthread_t handle) noexcept {
  INTERLEAVE_IN_BODY(return detach(*self, handle, pc))
  return real().pthread_detach(handle);
}
INTERLEAVE_HOOK pthread_t pthread_self() noexcept {
  INTERLEAVE_IN_BODY(return handle_of(*self))
  return real().pthread_self();
}
INTERLEAVE_HOOK void pthread_exit(void* result) {
  INTERLEAVE_IN_BODY(engine().unsupported(*self, pc, "pthread_exit"))
  real().pthread_exit(result);
  __builtin_unreachable();
}
INTERLEAVE_HOOK int pthread_setname_np(pthread_t handle, const char* name) noexcept {
  INTERLEAVE_IN_BODY(
      engine()
          .threads()[static_cast<ThreadId>(handle / handle_of(engine().threads()[0]) - 1)]
          .name = name;
      return 0)
  return real().pthread_setname_np(handle, name);
}

INTERLEAVE_HOOK int pthread_key_create(pthread_key_t* key,
                                       void (*destructor)(void*)) noexcept {
  const int error = real().pthread_key_create(key, destructor);
  if (error == 0) note_key(*key, destructor);
  return error;
}
INTERLEAVE_HOOK int pthread_setspecific(pthread_key_t key, const void* value) noexcept {
  INTERLEAVE_IN_BODY(set_own_value(*self, key, value); return 0)
  return real().pthread_setspecific(key, value);
}
INTERLEAVE_HOOK void* pthread_getspecific(pthread_key_t key) noexcept {
  INTERLEAVE_IN_BODY(return own_value(*self, key))
  return real().pthread_getspecific(key);
}

INTERLEAVE_HOOK int sched_yield() noexcept {
  INTERLEAVE_IN_BODY(yield(*self, pc); return 0)
  return real().sched_yield();
}

// -- Once -------------------------------------------------------------------------------

namespace {

constexpr int kOnceDone = 2;  // the C library's own mark

bool once_is_done(Address flag) {
  return (*reinterpret_cast<int*>(flag) & kOnceDone) != 0;
}

// The first byte of a guard is 1 when its object is initialised: the compilers' ABI.
bool guard_is_done(Address guard) { return *reinterpret_cast<const char*>(guard) != 0; }

void run_once(Thread& self, pthread_once_t* flag, void (*routine)(), ProgramCounter pc) {
  const auto address = reinterpret_cast<Address>(flag);
  if (!begin_once(self, address, once_is_done, pc)) return;
  try {
    const ProgramScope scope(self);
    routine();
  } catch (...) {
    end_once(self, address);
    throw;
  }
  *flag = kOnceDone;
  end_once(self, address);
}

}  // namespace

INTERLEAVE_HOOK int pthread_once(pthread_once_t* flag, void (*routine)()) {
  INTERLEAVE_IN_BODY(run_once(*self, flag, routine, pc); return 0)
  return real().pthread_once(flag, routine);
}

INTERLEAVE_HOOK int __cxa_guard_acquire(abi::__guard* guard) {
  INTERLEAVE_IN_BODY(
      return begin_once(*self, reinterpret_cast<Address>(guard), guard_is_done, pc) ? 1
                                                                                    : 0)
  return real().cxa_guard_acquire(guard);
}
INTERLEAVE_HOOK void __cxa_guard_release(abi::__guard* guard) noexcept {
  INTERLEAVE_IN_BODY({
    // A thread that finds it done reads it with acquire order, without a call.
    const auto address = reinterpret_cast<Address>(guard);
    Value done;
    done.low = 1;
    engine().memory().store_choices(tracer().site(*self, pc), address,
                                    machine::kGuardBytes, MemoryOrder::kRelease,
                                    held_at(address, machine::kGuardBytes));
    engine().memory().commit_store(0, done);
    put(address, machine::kGuardBytes, done);
    return end_once(*self, address);
  })
  real().cxa_guard_release(guard);
}
INTERLEAVE_HOOK void __cxa_guard_abort(abi::__guard* guard) noexcept {
  INTERLEAVE_IN_BODY(return end_once(*self, reinterpret_cast<Address>(guard)))
  real().cxa_guard_abort(guard);
}
INTERLEAVE_HOOK int __cxa_thread_atexit(void (*function)(void*), void* argument,
                                        void* library) {
  INTERLEAVE_IN_BODY(self->exit_handlers.push_back({function, argument}); return 0)
  return real().cxa_thread_atexit(function, argument, library);
}

// -- Semaphores and barriers ------------------------------------------------------------

INTERLEAVE_HOOK int sem_wait(sem_t* semaphore) {
  INTERLEAVE_IN_BODY(return wait_on_semaphore(*self, semaphore, kForever, pc))
  return real().sem_wait(semaphore);
}
INTERLEAVE_HOOK int sem_trywait(sem_t* semaphore) noexcept {
  INTERLEAVE_IN_BODY(return wait_on_semaphore(*self, semaphore, kOnce, pc))
  return real().sem_trywait(semaphore);
}
INTERLEAVE_HOOK int sem_timedwait(sem_t* semaphore, const timespec* time) {
  INTERLEAVE_IN_BODY(
      return wait_on_semaphore(*self, semaphore, until(CLOCK_REALTIME, time), pc))
  return real().sem_timedwait(semaphore, time);
}
INTERLEAVE_HOOK int sem_clockwait(sem_t* semaphore, clockid_t clock,
                                  const timespec* time) {
  INTERLEAVE_IN_BODY(return wait_on_semaphore(*self, semaphore, until(clock, time), pc))
  return real().sem_clockwait(semaphore, clock, time);
}
INTERLEAVE_HOOK int sem_post(sem_t* semaphore) noexcept {
  INTERLEAVE_IN_BODY(return post_semaphore(*self, semaphore, pc))
  return real().sem_post(semaphore);
}
INTERLEAVE_HOOK int pthread_barrier_init(pthread_barrier_t* barrier,
                                         const pthread_barrierattr_t* attributes,
                                         unsigned count) noexcept {
  INTERLEAVE_IN_BODY(return make_barrier(*self, barrier, count, pc))
  return real().pthread_barrier_init(barrier, attributes, count);
}
INTERLEAVE_HOOK int pthread_barrier_wait(pthread_barrier_t* barrier) noexcept {
  INTERLEAVE_IN_BODY(return wait_at_barrier(*self, barrier, pc))
  return real().pthread_barrier_wait(barrier);
}
INTERLEAVE_HOOK int pthread_barrier_destroy(pthread_barrier_t* barrier) noexcept {
  INTERLEAVE_IN_BODY(return destroy_barrier(*self, barrier, pc))
  return real().pthread_barrier_destroy(barrier);
}

// -- Time -------------------------------------------------------------------------------

INTERLEAVE_HOOK int nanosleep(const timespec* duration, timespec* rest) {
  INTERLEAVE_IN_BODY(sleep_until(*self, after(*self, *duration), pc); return 0)
  return real().nanosleep(duration, rest);
}
INTERLEAVE_HOOK int clock_nanosleep(clockid_t clock, int flags, const timespec* time,
                                    timespec* rest) {
  INTERLEAVE_IN_BODY({
    const bool absolute = (flags & TIMER_ABSTIME) != 0;
    sleep_until(*self, absolute ? virtual_time(clock, *time) : after(*self, *time), pc);
    return 0;
  })
  return real().clock_nanosleep(clock, flags, time, rest);
}
INTERLEAVE_HOOK int usleep(unsigned microseconds) {
  INTERLEAVE_IN_BODY(sleep_until(*self, scheduler().now() + microseconds * 1000ULL, pc);
                     return 0)
  return real().usleep(microseconds);
}
INTERLEAVE_HOOK unsigned sleep(unsigned seconds) {
  INTERLEAVE_IN_BODY(
      sleep_until(*self, scheduler().now() + seconds * 1'000'000'000ULL, pc); return 0)
  return real().sleep(seconds);
}
INTERLEAVE_HOOK int clock_gettime(clockid_t clock, timespec* time) noexcept {
  INTERLEAVE_IN_BODY(*time = read_clock(*self, clock, pc); return 0)
  return real().clock_gettime(clock, time);
}
INTERLEAVE_HOOK int gettimeofday(timeval* time, void* zone) noexcept {
  INTERLEAVE_IN_BODY({
    const timespec now = read_clock(*self, CLOCK_REALTIME, pc);
    *time = {now.tv_sec, now.tv_nsec / 1000};
    return 0;
  })
  return real().gettimeofday(time, zone);
}
INTERLEAVE_HOOK time_t time(time_t* result) noexcept {
  INTERLEAVE_IN_BODY({
    const time_t now = read_clock(*self, CLOCK_REALTIME, pc).tv_sec;
    if (result != nullptr) *result = now;
    return now;
  })
  return real().time(result);
}

INTERLEAVE_HOOK int timespec_get(timespec* time, int base) noexcept {
  INTERLEAVE_IN_BODY(if (base != TIME_UTC) return 0;
                     *time = read_clock(*self, CLOCK_REALTIME, pc); return base)
  if (base != TIME_UTC) return 0;
  return real().clock_gettime(CLOCK_REALTIME, time) == 0 ? base : 0;
}

// -- System calls by number -------------------------------------------------------------

namespace {

struct FutexCall {
  int* word;
  int operation;
  int value;
  const timespec* time;
};

std::uint64_t futex_deadline(const FutexCall& call) {
  if (call.time == nullptr) return kNever;
  const int command = call.operation & FUTEX_CMD_MASK;
  if (command == FUTEX_WAIT) return scheduler().now() + nanoseconds(*call.time);
  const bool by_date = (call.operation & FUTEX_CLOCK_REALTIME) != 0;
  return virtual_time(by_date ? CLOCK_REALTIME : CLOCK_MONOTONIC, *call.time);
}

long futex_in_body(Thread& self, const FutexCall& call, ProgramCounter pc) {
  switch (call.operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
      return wait_on_futex(self, call.word, call.value, futex_deadline(call), pc);
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
      return wake_futex(self, call.word, call.value, pc);
    default:
      engine().unsupported(self, pc, "a futex operation other than wait and wake");
  }
}

}  // namespace

INTERLEAVE_HOOK long syscall(long number, ...) noexcept {
  va_list list;
  va_start(list, number);
  long arguments[6];
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  if (number == SYS_futex) {
    const FutexCall call{reinterpret_cast<int*>(arguments[0]),
                         static_cast<int>(arguments[1]), static_cast<int>(arguments[2]),
                         reinterpret_cast<const timespec*>(arguments[3])};
    INTERLEAVE_IN_BODY(return futex_in_body(*self, call, pc))
  }
  if (std::find(machine::kStarting.begin(), machine::kStarting.end(), number) !=
      machine::kStarting.end()) {
    INTERLEAVE_IN_BODY(engine().unsupported(
        *self, pc, "a system call that starts a thread or a process"))
  }
  before_a_lasting_change();
  return real().syscall(number, arguments[0], arguments[1], arguments[2], arguments[3],
                        arguments[4], arguments[5]);
}
