// The C library's heap, and the functions that move and fill memory without the compiler's hooks.
//
// Blocks of a running body come from the arena, those of an explorer at work from its own heap,
// all others from the C library. A pointer tells by its address where it belongs, whichever
// thread frees it.
#include <errno.h>
#include <malloc.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "interleave/runtime/fresh_process.hpp"
#include "interleave/runtime/own_heap.hpp"
#include "interleave/runtime/program.hpp"

#define INTERLEAVE_HOOK extern "C" __attribute__((visibility("default")))
#define CALLER reinterpret_cast<interleave::ProgramCounter>(__builtin_return_address(0))

extern "C" {
void* __libc_malloc(std::size_t);
void __libc_free(void*);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace interleave {
namespace {

constexpr std::size_t kDefaultAlignment = 16;

bool in_arena(const void* block) {
  return Arena::contains(reinterpret_cast<Address>(block));
}

void* hooked_allocate(std::size_t size, std::size_t alignment, ProgramCounter pc) {
  Thread* self = body_thread();
  if (self == nullptr) {
    if (alignment > kDefaultAlignment) return __libc_memalign(alignment, size);
    return in_explorer() ? own_allocate(std::max<std::size_t>(size, 1))
                         : __libc_malloc(size);
  }
  const RuntimeScope scope(*self);
  return allocate(*self, size, alignment, pc);
}

void hooked_release(void* block, ProgramCounter pc) {
  if (block == nullptr) return;
  if (!in_arena(block)) {
    before_a_lasting_change();
    return is_own(block) ? own_release(block) : __libc_free(block);
  }
  Thread* self = body_thread();
  if (self == nullptr) {
    // A result that outlived its body; the arena never uses the address again.
    if (Arena::Block* known = engine().arena().find(reinterpret_cast<Address>(block))) {
      if (known->live) engine().arena().release(*known, tracer().step());
    }
    return;
  }
  const RuntimeScope scope(*self);
  release(*self, block, pc);
}

std::size_t size_of(void* block) {
  if (is_own(block)) return own_size(block);
  if (!in_arena(block)) return malloc_usable_size(block);
  const Arena::Block* known = engine().arena().find(reinterpret_cast<Address>(block));
  return known == nullptr ? 0 : known->size;
}

void* hooked_reallocate(void* block, std::size_t size, ProgramCounter pc) {
  if (block == nullptr) return hooked_allocate(size, kDefaultAlignment, pc);
  if (body_thread() == nullptr && !in_explorer() && !in_arena(block) && !is_own(block)) {
    return __libc_realloc(block, size);
  }
  void* moved = hooked_allocate(size, kDefaultAlignment, pc);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, block, std::min(size, size_of(block)));
  hooked_release(block, pc);
  return moved;
}

}  // namespace
}  // namespace interleave

INTERLEAVE_HOOK void* malloc(std::size_t size) noexcept {
  return interleave::hooked_allocate(size, interleave::kDefaultAlignment, CALLER);
}

INTERLEAVE_HOOK void free(void* block) noexcept {
  interleave::hooked_release(block, CALLER);
}

INTERLEAVE_HOOK void* calloc(std::size_t count, std::size_t size) noexcept {
  if (interleave::body_thread() == nullptr && !interleave::in_explorer()) {
    return __libc_calloc(count, size);
  }
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    errno = ENOMEM;
    return nullptr;
  }
  void* block = interleave::hooked_allocate(bytes, interleave::kDefaultAlignment, CALLER);
  return std::memset(block, 0, bytes);
}

INTERLEAVE_HOOK void* realloc(void* block, std::size_t size) noexcept {
  return interleave::hooked_reallocate(block, size, CALLER);
}

INTERLEAVE_HOOK void* memalign(std::size_t alignment, std::size_t size) noexcept {
  return interleave::hooked_allocate(size, alignment, CALLER);
}

INTERLEAVE_HOOK void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  return interleave::hooked_allocate(size, alignment, CALLER);
}

INTERLEAVE_HOOK int posix_memalign(void** block, std::size_t alignment,
                                   std::size_t size) noexcept {
  *block = interleave::hooked_allocate(size, alignment, CALLER);
  return *block == nullptr ? ENOMEM : 0;
}
