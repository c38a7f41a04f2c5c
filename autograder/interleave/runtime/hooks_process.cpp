// What the kernel keeps for a process as a whole, and what is loaded into it: the calls happen.
// A schedule that must begin as the first one did is run in a copy made before them.
#include <dlfcn.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "interleave/runtime/fresh_process.hpp"
#include "interleave/runtime/real.hpp"
#include "interleave/runtime/starting_state.hpp"

#define INTERLEAVE_HOOK extern "C" __attribute__((visibility("default")))

using namespace interleave;

// Calls it as the hook's last act, so that it sees the same caller: libraries are looked for where
// the caller says.
#define INTERLEAVE_CHANGE(name, ...) \
  before_a_lasting_change();         \
  return INTERLEAVE_REAL(name)(__VA_ARGS__)

// -- Memory -----------------------------------------------------------------------------

// What the program maps is not saved when an exploration begins, unless it is shared anyway. What
// a body maps during one is forgotten with the variable that points to it.
INTERLEAVE_HOOK void* mmap(void* address, std::size_t size, int protection, int flags,
                           int file, off_t offset) noexcept {
  const bool is_own_memory =
      (flags & MAP_PRIVATE) != 0 && (protection & PROT_WRITE) != 0 && file < 0;
  if (is_own_memory && !in_explorer()) note_what_is_not_saved();
  return real().mmap(address, size, protection, flags, file, offset);
}
INTERLEAVE_HOOK void* mmap64(void* address, std::size_t size, int protection, int flags,
                             int file, off64_t offset) noexcept {
  return mmap(address, size, protection, flags, file, offset);
}
INTERLEAVE_HOOK int munmap(void* address, std::size_t size) noexcept {
  INTERLEAVE_CHANGE(munmap, address, size);
}
INTERLEAVE_HOOK int mprotect(void* address, std::size_t size, int protection) noexcept {
  INTERLEAVE_CHANGE(mprotect, address, size, protection);
}

INTERLEAVE_HOOK void* dlopen(const char* path, int mode) {
  INTERLEAVE_CHANGE(dlopen, path, mode);
}
INTERLEAVE_HOOK int dlclose(void* library) { INTERLEAVE_CHANGE(dlclose, library); }

// -- Signals and time -------------------------------------------------------------------

INTERLEAVE_HOOK sighandler_t signal(int number, sighandler_t handler) noexcept {
  INTERLEAVE_CHANGE(signal, number, handler);
}
INTERLEAVE_HOOK int sigaction(int number, const struct sigaction* action,
                              struct sigaction* old) noexcept {
  INTERLEAVE_CHANGE(sigaction, number, action, old);
}
INTERLEAVE_HOOK int sigprocmask(int how, const sigset_t* set, sigset_t* old) noexcept {
  INTERLEAVE_CHANGE(sigprocmask, how, set, old);
}
INTERLEAVE_HOOK int pthread_sigmask(int how, const sigset_t* set,
                                    sigset_t* old) noexcept {
  INTERLEAVE_CHANGE(pthread_sigmask, how, set, old);
}
INTERLEAVE_HOOK int sigaltstack(const stack_t* stack, stack_t* old) noexcept {
  INTERLEAVE_CHANGE(sigaltstack, stack, old);
}
INTERLEAVE_HOOK int setitimer(__itimer_which_t which, const itimerval* time,
                              itimerval* old) noexcept {
  INTERLEAVE_CHANGE(setitimer, which, time, old);
}

// -- The rest ---------------------------------------------------------------------------

INTERLEAVE_HOOK int chdir(const char* path) noexcept { INTERLEAVE_CHANGE(chdir, path); }
INTERLEAVE_HOOK int fchdir(int folder) noexcept { INTERLEAVE_CHANGE(fchdir, folder); }
INTERLEAVE_HOOK mode_t umask(mode_t mask) noexcept { INTERLEAVE_CHANGE(umask, mask); }
INTERLEAVE_HOOK int setrlimit(__rlimit_resource_t resource,
                              const rlimit* limit) noexcept {
  INTERLEAVE_CHANGE(setrlimit, resource, limit);
}
INTERLEAVE_HOOK int setrlimit64(__rlimit_resource_t resource,
                                const rlimit64* limit) noexcept {
  INTERLEAVE_CHANGE(setrlimit64, resource, limit);
}
INTERLEAVE_HOOK int setpriority(__priority_which_t which, id_t who, int value) noexcept {
  INTERLEAVE_CHANGE(setpriority, which, who, value);
}
INTERLEAVE_HOOK int nice(int change) noexcept { INTERLEAVE_CHANGE(nice, change); }
INTERLEAVE_HOOK int sched_setaffinity(pid_t process, std::size_t size,
                                      const cpu_set_t* cores) noexcept {
  INTERLEAVE_CHANGE(sched_setaffinity, process, size, cores);
}
INTERLEAVE_HOOK int prctl(int option, ...) noexcept {
  va_list list;
  va_start(list, option);
  unsigned long arguments[4];
  for (unsigned long& argument : arguments) argument = va_arg(list, unsigned long);
  va_end(list);
  INTERLEAVE_CHANGE(prctl, option, arguments[0], arguments[1], arguments[2],
                    arguments[3]);
}
