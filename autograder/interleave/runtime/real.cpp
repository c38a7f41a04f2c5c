#include "interleave/runtime/real.hpp"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

namespace interleave {
namespace {

// Condition variables changed their layout once, so their symbols have two versions, and the plain
// look-up may answer with the old one.
constexpr const char* kConditionVersion = "GLIBC_2.3.2";

template <typename Function>
void find(Function*& function, const char* name, const char* version = nullptr) {
  void* found = nullptr;
  if (version != nullptr) found = dlvsym(RTLD_NEXT, name, version);
  if (found == nullptr) found = dlsym(RTLD_NEXT, name);
  function = reinterpret_cast<Function*>(found);
  if (found == nullptr) {
    std::fprintf(stderr, "interleave: this system's libraries have no %s\n", name);
    std::_Exit(3);
  }
}

RealFunctions find_all() {
  RealFunctions r{};
  find(r.pthread_create, "pthread_create");
  find(r.pthread_join, "pthread_join");
  find(r.pthread_timedjoin_np, "pthread_timedjoin_np");
  find(r.pthread_tryjoin_np, "pthread_tryjoin_np");
  find(r.pthread_detach, "pthread_detach");
  find(r.pthread_self, "pthread_self");
  find(r.pthread_exit, "pthread_exit");
  find(r.pthread_setname_np, "pthread_setname_np");
  find(r.pthread_key_create, "pthread_key_create");
  find(r.pthread_setspecific, "pthread_setspecific");
  find(r.pthread_getspecific, "pthread_getspecific");
  find(r.pthread_mutex_init, "pthread_mutex_init");
  find(r.pthread_mutex_destroy, "pthread_mutex_destroy");
  find(r.pthread_mutex_lock, "pthread_mutex_lock");
  find(r.pthread_mutex_trylock, "pthread_mutex_trylock");
  find(r.pthread_mutex_timedlock, "pthread_mutex_timedlock");
  find(r.pthread_mutex_clocklock, "pthread_mutex_clocklock");
  find(r.pthread_mutex_unlock, "pthread_mutex_unlock");
  find(r.pthread_rwlock_init, "pthread_rwlock_init");
  find(r.pthread_rwlock_destroy, "pthread_rwlock_destroy");
  find(r.pthread_rwlock_rdlock, "pthread_rwlock_rdlock");
  find(r.pthread_rwlock_tryrdlock, "pthread_rwlock_tryrdlock");
  find(r.pthread_rwlock_timedrdlock, "pthread_rwlock_timedrdlock");
  find(r.pthread_rwlock_clockrdlock, "pthread_rwlock_clockrdlock");
  find(r.pthread_rwlock_wrlock, "pthread_rwlock_wrlock");
  find(r.pthread_rwlock_trywrlock, "pthread_rwlock_trywrlock");
  find(r.pthread_rwlock_timedwrlock, "pthread_rwlock_timedwrlock");
  find(r.pthread_rwlock_clockwrlock, "pthread_rwlock_clockwrlock");
  find(r.pthread_rwlock_unlock, "pthread_rwlock_unlock");
  find(r.pthread_cond_init, "pthread_cond_init", kConditionVersion);
  find(r.pthread_cond_destroy, "pthread_cond_destroy", kConditionVersion);
  find(r.pthread_cond_wait, "pthread_cond_wait", kConditionVersion);
  find(r.pthread_cond_timedwait, "pthread_cond_timedwait", kConditionVersion);
  find(r.pthread_cond_clockwait, "pthread_cond_clockwait");
  find(r.pthread_cond_signal, "pthread_cond_signal", kConditionVersion);
  find(r.pthread_cond_broadcast, "pthread_cond_broadcast", kConditionVersion);
  find(r.pthread_once, "pthread_once");
  find(r.cxa_guard_acquire, "__cxa_guard_acquire");
  find(r.cxa_guard_release, "__cxa_guard_release");
  find(r.cxa_guard_abort, "__cxa_guard_abort");
  find(r.cxa_throw, "__cxa_throw");
  find(r.cxa_thread_atexit, "__cxa_thread_atexit");
  find(r.sem_wait, "sem_wait");
  find(r.sem_trywait, "sem_trywait");
  find(r.sem_timedwait, "sem_timedwait");
  find(r.sem_clockwait, "sem_clockwait");
  find(r.sem_post, "sem_post");
  find(r.pthread_barrier_init, "pthread_barrier_init");
  find(r.pthread_barrier_wait, "pthread_barrier_wait");
  find(r.pthread_barrier_destroy, "pthread_barrier_destroy");
  find(r.sched_yield, "sched_yield");
  find(r.nanosleep, "nanosleep");
  find(r.clock_nanosleep, "clock_nanosleep");
  find(r.usleep, "usleep");
  find(r.sleep, "sleep");
  find(r.clock_gettime, "clock_gettime");
  find(r.gettimeofday, "gettimeofday");
  find(r.time, "time");
  find(r.mmap, "mmap");
  find(r.memcpy, "memcpy");
  find(r.syscall, "syscall");
  find(r.abort, "abort");
  return r;
}

}  // namespace

const RealFunctions& real() {
  static const RealFunctions functions = find_all();
  return functions;
}

}  // namespace interleave
