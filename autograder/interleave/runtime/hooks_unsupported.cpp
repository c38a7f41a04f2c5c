// What the explorer does not do: in a body it ends the schedule with a sentence that
// names it, outside it goes to the C library. Without these hooks it would happen
// unscheduled, and the verdict could be wrong.
//
// Of functions that take a pthread_t, those that have a meaning here are done: a handle
// of the body's is a number that the C library does not know.
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

#include "interleave/runtime/program.hpp"
#include "interleave/runtime/real.hpp"

#define INTERLEAVE_HOOK extern "C" __attribute__((visibility("default")))
#define CALLER reinterpret_cast<interleave::ProgramCounter>(__builtin_return_address(0))

using namespace interleave;

namespace {

// The C library's own.
template <typename Function>
Function* next(const char* name, Function*) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

void not_in_a_body(const char* what, ProgramCounter pc) {
  Thread* const self = body_thread();
  if (self == nullptr) return;
  const RuntimeScope scope(*self);
  engine().unsupported(*self, pc, what);
}

Thread& thread_of(pthread_t handle) {
  return engine()
      .threads()[static_cast<ThreadId>(handle / handle_of(engine().threads()[0]) - 1)];
}

}  // namespace

#define INTERLEAVE_UNSUPPORTED(what) not_in_a_body(what, CALLER)
#define INTERLEAVE_NEXT(name) next(#name, &name)

// -- Other processes --------------------------------------------------------------------

INTERLEAVE_HOOK pid_t fork() noexcept {
  INTERLEAVE_UNSUPPORTED("fork");
  return INTERLEAVE_NEXT(fork)();
}
// A wrapper cannot return twice; fork can do all that vfork can.
INTERLEAVE_HOOK pid_t vfork() noexcept {
  INTERLEAVE_UNSUPPORTED("vfork");
  return INTERLEAVE_NEXT(fork)();
}

INTERLEAVE_HOOK int pthread_mutex_init(pthread_mutex_t* mutex,
                                       const pthread_mutexattr_t* attributes) noexcept {
  int shared = PTHREAD_PROCESS_PRIVATE;
  int robust = PTHREAD_MUTEX_STALLED;
  if (attributes != nullptr) {
    pthread_mutexattr_getpshared(attributes, &shared);
    pthread_mutexattr_getrobust(attributes, &robust);
  }
  if (shared == PTHREAD_PROCESS_SHARED) INTERLEAVE_UNSUPPORTED("a process-shared mutex");
  if (robust == PTHREAD_MUTEX_ROBUST) INTERLEAVE_UNSUPPORTED("a robust mutex");
  if (Thread* const self = body_thread()) {
    const RuntimeScope scope(*self);
    make_mutex(*self, mutex, CALLER);
  }
  return real().pthread_mutex_init(mutex, attributes);
}
INTERLEAVE_HOOK int pthread_rwlock_init(pthread_rwlock_t* lock,
                                        const pthread_rwlockattr_t* attributes) noexcept {
  int shared = PTHREAD_PROCESS_PRIVATE;
  if (attributes != nullptr) pthread_rwlockattr_getpshared(attributes, &shared);
  if (shared == PTHREAD_PROCESS_SHARED) {
    INTERLEAVE_UNSUPPORTED("a process-shared reader-writer lock");
  }
  if (Thread* const self = body_thread()) {
    const RuntimeScope scope(*self);
    make_readers_writer(*self, lock, CALLER);
  }
  return real().pthread_rwlock_init(lock, attributes);
}
INTERLEAVE_HOOK int pthread_cond_init(pthread_cond_t* condition,
                                      const pthread_condattr_t* attributes) noexcept {
  int shared = PTHREAD_PROCESS_PRIVATE;
  if (attributes != nullptr) pthread_condattr_getpshared(attributes, &shared);
  if (shared == PTHREAD_PROCESS_SHARED) {
    INTERLEAVE_UNSUPPORTED("a process-shared condition variable");
  }
  if (Thread* const self = body_thread()) {
    const RuntimeScope scope(*self);
    make_condition(*self, condition, CALLER);
  }
  return real().pthread_cond_init(condition, attributes);
}
INTERLEAVE_HOOK int sem_init(sem_t* semaphore, int shared, unsigned value) noexcept {
  if (shared != 0) INTERLEAVE_UNSUPPORTED("a process-shared semaphore");
  if (Thread* const self = body_thread()) {
    const RuntimeScope scope(*self);
    Semaphore& known = engine().objects().semaphore(reinterpret_cast<Address>(semaphore));
    known.known = true;  // even if one lay here before
    known.count = value;
  }
  return INTERLEAVE_NEXT(sem_init)(semaphore, shared, value);
}

// -- Threads by other means -------------------------------------------------------------

INTERLEAVE_HOOK int thrd_create(thrd_t* thread, thrd_start_t start, void* argument) {
  INTERLEAVE_UNSUPPORTED("thrd_create, of C's <threads.h>");
  return INTERLEAVE_NEXT(thrd_create)(thread, start, argument);
}
INTERLEAVE_HOOK int mtx_lock(mtx_t* mutex) {
  INTERLEAVE_UNSUPPORTED("mtx_lock, of C's <threads.h>");
  return INTERLEAVE_NEXT(mtx_lock)(mutex);
}
INTERLEAVE_HOOK int mtx_timedlock(mtx_t* mutex, const timespec* time) {
  INTERLEAVE_UNSUPPORTED("mtx_timedlock, of C's <threads.h>");
  return INTERLEAVE_NEXT(mtx_timedlock)(mutex, time);
}
INTERLEAVE_HOOK int mtx_trylock(mtx_t* mutex) {
  INTERLEAVE_UNSUPPORTED("mtx_trylock, of C's <threads.h>");
  return INTERLEAVE_NEXT(mtx_trylock)(mutex);
}
INTERLEAVE_HOOK int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  INTERLEAVE_UNSUPPORTED("cnd_wait, of C's <threads.h>");
  return INTERLEAVE_NEXT(cnd_wait)(condition, mutex);
}
INTERLEAVE_HOOK int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* time) {
  INTERLEAVE_UNSUPPORTED("cnd_timedwait, of C's <threads.h>");
  return INTERLEAVE_NEXT(cnd_timedwait)(condition, mutex, time);
}
INTERLEAVE_HOOK int pthread_spin_lock(pthread_spinlock_t* lock) noexcept {
  INTERLEAVE_UNSUPPORTED("pthread_spin_lock");
  return INTERLEAVE_NEXT(pthread_spin_lock)(lock);
}
INTERLEAVE_HOOK int pthread_spin_trylock(pthread_spinlock_t* lock) noexcept {
  INTERLEAVE_UNSUPPORTED("pthread_spin_trylock");
  return INTERLEAVE_NEXT(pthread_spin_trylock)(lock);
}

// -- What is done to a thread from outside it -------------------------------------------

INTERLEAVE_HOOK int pthread_cancel(pthread_t thread) {
  INTERLEAVE_UNSUPPORTED("pthread_cancel");
  return INTERLEAVE_NEXT(pthread_cancel)(thread);
}
INTERLEAVE_HOOK int pthread_kill(pthread_t thread, int signal) noexcept {
  INTERLEAVE_UNSUPPORTED("pthread_kill");
  return INTERLEAVE_NEXT(pthread_kill)(thread, signal);
}
INTERLEAVE_HOOK int pthread_sigqueue(pthread_t thread, int signal,
                                     const union sigval value) noexcept {
  INTERLEAVE_UNSUPPORTED("pthread_sigqueue");
  return INTERLEAVE_NEXT(pthread_sigqueue)(thread, signal, value);
}
INTERLEAVE_HOOK int pthread_getattr_np(pthread_t thread,
                                       pthread_attr_t* attributes) noexcept {
  INTERLEAVE_UNSUPPORTED("pthread_getattr_np");
  return INTERLEAVE_NEXT(pthread_getattr_np)(thread, attributes);
}
INTERLEAVE_HOOK int pthread_getcpuclockid(pthread_t thread, clockid_t* clock) noexcept {
  INTERLEAVE_UNSUPPORTED("pthread_getcpuclockid");
  return INTERLEAVE_NEXT(pthread_getcpuclockid)(thread, clock);
}
INTERLEAVE_HOOK int pthread_getschedparam(pthread_t thread, int* policy,
                                          sched_param* parameters) noexcept {
  INTERLEAVE_UNSUPPORTED("pthread_getschedparam");
  return INTERLEAVE_NEXT(pthread_getschedparam)(thread, policy, parameters);
}
INTERLEAVE_HOOK int pthread_setschedparam(pthread_t thread, int policy,
                                          const sched_param* parameters) noexcept {
  INTERLEAVE_UNSUPPORTED("pthread_setschedparam");
  return INTERLEAVE_NEXT(pthread_setschedparam)(thread, policy, parameters);
}
INTERLEAVE_HOOK int pthread_setschedprio(pthread_t thread, int priority) noexcept {
  INTERLEAVE_UNSUPPORTED("pthread_setschedprio");
  return INTERLEAVE_NEXT(pthread_setschedprio)(thread, priority);
}

// Where a thread may run does not matter to one that runs where the explorer does.
INTERLEAVE_HOOK int pthread_setaffinity_np(pthread_t thread, std::size_t size,
                                           const cpu_set_t* cores) noexcept {
  if (body_thread() != nullptr) return 0;
  return INTERLEAVE_NEXT(pthread_setaffinity_np)(thread, size, cores);
}
INTERLEAVE_HOOK int pthread_getaffinity_np(pthread_t thread, std::size_t size,
                                           cpu_set_t* cores) noexcept {
  if (body_thread() != nullptr) return sched_getaffinity(0, size, cores) < 0 ? errno : 0;
  return INTERLEAVE_NEXT(pthread_getaffinity_np)(thread, size, cores);
}
INTERLEAVE_HOOK int pthread_getname_np(pthread_t thread, char* name,
                                       std::size_t size) noexcept {
  if (Thread* const self = body_thread()) {
    const RuntimeScope scope(*self);
    const std::string& known = thread_of(thread).name;
    if (known.size() >= size) return ERANGE;
    std::memcpy(name, known.c_str(), known.size() + 1);
    return 0;
  }
  return INTERLEAVE_NEXT(pthread_getname_np)(thread, name, size);
}
INTERLEAVE_HOOK int pthread_tryjoin_np(pthread_t thread, void** result) noexcept {
  if (Thread* const self = body_thread()) {
    const RuntimeScope scope(*self);
    return join(*self, thread, result, scheduler().now(), CALLER) == 0 ? 0 : EBUSY;
  }
  return real().pthread_tryjoin_np(thread, result);
}
INTERLEAVE_HOOK int pthread_timedjoin_np(pthread_t thread, void** result,
                                         const timespec* time) {
  if (Thread* const self = body_thread()) {
    const RuntimeScope scope(*self);
    return join(*self, thread, result, virtual_time(CLOCK_REALTIME, *time), CALLER);
  }
  return real().pthread_timedjoin_np(thread, result, time);
}
INTERLEAVE_HOOK int pthread_clockjoin_np(pthread_t thread, void** result, clockid_t clock,
                                         const timespec* time) {
  if (Thread* const self = body_thread()) {
    const RuntimeScope scope(*self);
    return join(*self, thread, result, virtual_time(clock, *time), CALLER);
  }
  return INTERLEAVE_NEXT(pthread_clockjoin_np)(thread, result, clock, time);
}

// -- Signals that a thread waits for ----------------------------------------------------

INTERLEAVE_HOOK unsigned alarm(unsigned seconds) noexcept {
  INTERLEAVE_UNSUPPORTED("alarm");
  return INTERLEAVE_NEXT(alarm)(seconds);
}
INTERLEAVE_HOOK int timer_create(clockid_t clock, sigevent* event,
                                 timer_t* timer) noexcept {
  INTERLEAVE_UNSUPPORTED("timer_create");
  return INTERLEAVE_NEXT(timer_create)(clock, event, timer);
}
INTERLEAVE_HOOK int pause() {
  INTERLEAVE_UNSUPPORTED("pause");
  return INTERLEAVE_NEXT(pause)();
}
INTERLEAVE_HOOK int sigwait(const sigset_t* set, int* signal) {
  INTERLEAVE_UNSUPPORTED("sigwait");
  return INTERLEAVE_NEXT(sigwait)(set, signal);
}
INTERLEAVE_HOOK int sigsuspend(const sigset_t* set) {
  INTERLEAVE_UNSUPPORTED("sigsuspend");
  return INTERLEAVE_NEXT(sigsuspend)(set);
}

// -- What is said to ThreadSanitizer ----------------------------------------------------

// An order that no operation carries: the search could not know what depends on it.
INTERLEAVE_HOOK void __tsan_acquire(void*) { INTERLEAVE_UNSUPPORTED("__tsan_acquire"); }
INTERLEAVE_HOOK void __tsan_release(void*) { INTERLEAVE_UNSUPPORTED("__tsan_release"); }
