// What a program says of its own locks to ThreadSanitizer (<sanitizer/tsan_interface.h>).
// libstdc++ of GCC 13 and later says it of the lock inside std::atomic<std::shared_ptr>,
// whose atomics alone would not order what it guards.
//
// A lock orders: who holds it next sees what was done under it. Its atomics are scheduled
// and explored as ever.
#include "interleave/runtime/program.hpp"

#define INTERLEAVE_HOOK extern "C" __attribute__((visibility("default")))

using namespace interleave;

namespace {

// As <sanitizer/tsan_interface.h> has them.
constexpr unsigned kReading = 1 << 3;
constexpr unsigned kFailed = 1 << 5;

// Beside the writers' clock, which is the lock's address.
constexpr Address kReadersClock = 1;

void took(void* lock, unsigned flags) {
  Thread* const self = body_thread();
  if (self == nullptr || (flags & kFailed) != 0) return;
  const RuntimeScope scope(*self);
  const auto address = reinterpret_cast<Address>(lock);
  engine().memory().acquire_from(self->id, address);
  if ((flags & kReading) != 0) return;
  engine().memory().acquire_from(self->id, address + kReadersClock);
}

void gives_back(void* lock, unsigned flags) {
  Thread* const self = body_thread();
  if (self == nullptr) return;
  const RuntimeScope scope(*self);
  const auto address = reinterpret_cast<Address>(lock);
  if ((flags & kReading) != 0) {
    engine().memory().merge_to(self->id, address + kReadersClock);
  } else {
    engine().memory().release_to(self->id, address);
  }
}

}  // namespace

INTERLEAVE_HOOK void __tsan_mutex_create(void*, unsigned) {}
INTERLEAVE_HOOK void __tsan_mutex_destroy(void*, unsigned) {}
INTERLEAVE_HOOK void __tsan_mutex_pre_lock(void*, unsigned) {}
INTERLEAVE_HOOK void __tsan_mutex_post_lock(void* lock, unsigned flags, int) {
  took(lock, flags);
}
// Returns how often a lock was taken, for those that may be taken again; none here.
INTERLEAVE_HOOK int __tsan_mutex_pre_unlock(void* lock, unsigned flags) {
  gives_back(lock, flags);
  return 1;
}
INTERLEAVE_HOOK void __tsan_mutex_post_unlock(void*, unsigned) {}
INTERLEAVE_HOOK void __tsan_mutex_pre_signal(void*, unsigned) {}
INTERLEAVE_HOOK void __tsan_mutex_post_signal(void*, unsigned) {}
INTERLEAVE_HOOK void __tsan_mutex_pre_divert(void*, unsigned) {}
INTERLEAVE_HOOK void __tsan_mutex_post_divert(void*, unsigned) {}
