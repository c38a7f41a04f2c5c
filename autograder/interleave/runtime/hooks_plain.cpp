// What the compilers emit for plain memory accesses and function entries under -fsanitize=thread.
#include <cstdint>

#include "interleave/runtime/program.hpp"

#define INTERLEAVE_HOOK extern "C" __attribute__((visibility("default")))
#define CALLER reinterpret_cast<interleave::ProgramCounter>(__builtin_return_address(0))

#define INTERLEAVE_ACCESS(NAME, SIZE, WRITE)               \
  INTERLEAVE_HOOK void __tsan_##NAME(void* object) {       \
    interleave::plain_access(object, SIZE, WRITE, CALLER); \
  }

// GCC and Clang differ in which of these they emit for unaligned and volatile objects.
#define INTERLEAVE_ACCESSES(SIZE)                               \
  INTERLEAVE_ACCESS(read##SIZE, SIZE, false)                    \
  INTERLEAVE_ACCESS(write##SIZE, SIZE, true)                    \
  INTERLEAVE_ACCESS(unaligned_read##SIZE, SIZE, false)          \
  INTERLEAVE_ACCESS(unaligned_write##SIZE, SIZE, true)          \
  INTERLEAVE_ACCESS(volatile_read##SIZE, SIZE, false)           \
  INTERLEAVE_ACCESS(volatile_write##SIZE, SIZE, true)           \
  INTERLEAVE_ACCESS(unaligned_volatile_read##SIZE, SIZE, false) \
  INTERLEAVE_ACCESS(unaligned_volatile_write##SIZE, SIZE, true) \
  INTERLEAVE_ACCESS(read_write##SIZE, SIZE, true)               \
  INTERLEAVE_ACCESS(unaligned_read_write##SIZE, SIZE, true)

INTERLEAVE_ACCESSES(1)
INTERLEAVE_ACCESSES(2)
INTERLEAVE_ACCESSES(4)
INTERLEAVE_ACCESSES(8)
INTERLEAVE_ACCESSES(16)

INTERLEAVE_HOOK void __tsan_read_range(void* object, unsigned long size) {
  interleave::plain_access(object, size, false, CALLER);
}
INTERLEAVE_HOOK void __tsan_write_range(void* object, unsigned long size) {
  interleave::plain_access(object, size, true, CALLER);
}

// An object's first pointer is to its virtual functions; constructors and destructors write it.
INTERLEAVE_HOOK void __tsan_vptr_update(void** object, void* value) {
  if (*object != value) interleave::plain_access(object, sizeof value, true, CALLER);
}
INTERLEAVE_HOOK void __tsan_vptr_read(void** object) {
  interleave::plain_access(object, sizeof *object, false, CALLER);
}

INTERLEAVE_HOOK void __tsan_func_entry(void* caller) {
  if (interleave::Thread* self = interleave::body_thread()) {
    self->calls.push_back(reinterpret_cast<interleave::ProgramCounter>(caller));
  }
}
INTERLEAVE_HOOK void __tsan_func_exit() {
  interleave::Thread* self = interleave::body_thread();
  if (self != nullptr && !self->calls.empty()) self->calls.pop_back();
}

INTERLEAVE_HOOK void __tsan_init() {}
INTERLEAVE_HOOK void __tsan_ignore_thread_begin() {}
INTERLEAVE_HOOK void __tsan_ignore_thread_end() {}

#undef CALLER
