// The C library's own versions of the functions that the runtime replaces, for callers
// outside a body.
#pragma once

#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/types.h>
#include <time.h>

#include <cstddef>

namespace interleave {

struct RealFunctions {
  int (*pthread_create)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  int (*pthread_join)(pthread_t, void**);
  int (*pthread_timedjoin_np)(pthread_t, void**, const timespec*);
  int (*pthread_tryjoin_np)(pthread_t, void**);
  int (*pthread_detach)(pthread_t);
  pthread_t (*pthread_self)();
  void (*pthread_exit)(void*);
  int (*pthread_setname_np)(pthread_t, const char*);

  int (*pthread_key_create)(pthread_key_t*, void (*)(void*));
  int (*pthread_setspecific)(pthread_key_t, const void*);
  void* (*pthread_getspecific)(pthread_key_t);

  int (*pthread_mutex_init)(pthread_mutex_t*, const pthread_mutexattr_t*);
  int (*pthread_mutex_destroy)(pthread_mutex_t*);
  int (*pthread_mutex_lock)(pthread_mutex_t*);
  int (*pthread_mutex_trylock)(pthread_mutex_t*);
  int (*pthread_mutex_timedlock)(pthread_mutex_t*, const timespec*);
  int (*pthread_mutex_clocklock)(pthread_mutex_t*, clockid_t, const timespec*);
  int (*pthread_mutex_unlock)(pthread_mutex_t*);

  int (*pthread_rwlock_init)(pthread_rwlock_t*, const pthread_rwlockattr_t*);
  int (*pthread_rwlock_destroy)(pthread_rwlock_t*);
  int (*pthread_rwlock_rdlock)(pthread_rwlock_t*);
  int (*pthread_rwlock_tryrdlock)(pthread_rwlock_t*);
  int (*pthread_rwlock_timedrdlock)(pthread_rwlock_t*, const timespec*);
  int (*pthread_rwlock_clockrdlock)(pthread_rwlock_t*, clockid_t, const timespec*);
  int (*pthread_rwlock_wrlock)(pthread_rwlock_t*);
  int (*pthread_rwlock_trywrlock)(pthread_rwlock_t*);
  int (*pthread_rwlock_timedwrlock)(pthread_rwlock_t*, const timespec*);
  int (*pthread_rwlock_clockwrlock)(pthread_rwlock_t*, clockid_t, const timespec*);
  int (*pthread_rwlock_unlock)(pthread_rwlock_t*);

  int (*pthread_cond_init)(pthread_cond_t*, const pthread_condattr_t*);
  int (*pthread_cond_destroy)(pthread_cond_t*);
  int (*pthread_cond_wait)(pthread_cond_t*, pthread_mutex_t*);
  int (*pthread_cond_timedwait)(pthread_cond_t*, pthread_mutex_t*, const timespec*);
  int (*pthread_cond_clockwait)(pthread_cond_t*, pthread_mutex_t*, clockid_t,
                                const timespec*);
  int (*pthread_cond_signal)(pthread_cond_t*);
  int (*pthread_cond_broadcast)(pthread_cond_t*);

  int (*pthread_once)(pthread_once_t*, void (*)());
  int (*cxa_guard_acquire)(void*);
  void (*cxa_guard_release)(void*);
  void (*cxa_guard_abort)(void*);
  void (*cxa_throw)(void*, void*, void (*)(void*));
  int (*cxa_thread_atexit)(void (*)(void*), void*, void*);

  int (*sem_wait)(sem_t*);
  int (*sem_trywait)(sem_t*);
  int (*sem_timedwait)(sem_t*, const timespec*);
  int (*sem_clockwait)(sem_t*, clockid_t, const timespec*);
  int (*sem_post)(sem_t*);

  int (*pthread_barrier_init)(pthread_barrier_t*, const pthread_barrierattr_t*, unsigned);
  int (*pthread_barrier_wait)(pthread_barrier_t*);
  int (*pthread_barrier_destroy)(pthread_barrier_t*);

  int (*sched_yield)();
  int (*nanosleep)(const timespec*, timespec*);
  int (*clock_nanosleep)(clockid_t, int, const timespec*, timespec*);
  int (*usleep)(unsigned);
  unsigned (*sleep)(unsigned);
  int (*clock_gettime)(clockid_t, timespec*);
  int (*gettimeofday)(void*, void*);
  time_t (*time)(time_t*);

  void* (*mmap)(void*, std::size_t, int, int, int, off_t);
  void* (*memcpy)(void*, const void*, std::size_t);
  long (*syscall)(long, ...);
  void (*abort)();
};

// Found on the first call, which must come from outside a body.
[[nodiscard]] const RealFunctions& real();

}  // namespace interleave

// Those that are declared as they are hooked, by name, found on the first call from anywhere.
#define INTERLEAVE_REAL(name)                                                           \
  ([] {                                                                                 \
    static const auto own = reinterpret_cast<decltype(&name)>(dlsym(RTLD_NEXT, #name)); \
    return own;                                                                         \
  }())
