// memcpy, memmove, memset: how the program touches memory behind the compilers' hooks.
//
// A copy reads and writes like any other access. Those of libraries do not count: what
// orders them may be an atomic that was not instrumented either.
#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <cstddef>

#include "interleave/runtime/program.hpp"

#define INTERLEAVE_HOOK extern "C" __attribute__((visibility("default")))
#define CALLER reinterpret_cast<interleave::ProgramCounter>(__builtin_return_address(0))

namespace interleave {
namespace {

using Copy = void* (*)(void*, const void*, std::size_t);
using Fill = void* (*)(void*, int, std::size_t);

// The C library's, once they are found; libraries that start earlier get the plain loops below.
constinit Copy real_memcpy = nullptr;
constinit Copy real_memmove = nullptr;
constinit Fill real_memset = nullptr;

// Where the program's own code is; libraries lie elsewhere.
constinit Address code_begin = 0;
constinit Address code_end = 0;

int find_code(dl_phdr_info* info, std::size_t, void*) {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    if (header.p_type != PT_LOAD || (header.p_flags & PF_X) == 0) continue;
    code_begin = info->dlpi_addr + header.p_vaddr;
    code_end = code_begin + header.p_memsz;
  }
  return 1;  // the first object is the program itself
}

__attribute__((constructor)) void find_real() {
  dl_iterate_phdr(find_code, nullptr);
  real_memcpy = reinterpret_cast<Copy>(dlsym(RTLD_NEXT, "memcpy"));
  real_memmove = reinterpret_cast<Copy>(dlsym(RTLD_NEXT, "memmove"));
  real_memset = reinterpret_cast<Fill>(dlsym(RTLD_NEXT, "memset"));
}

// Volatile, or the compilers would turn the loops into the calls that they stand for.
void* copy_bytes(void* to, const void* from, std::size_t size) {
  volatile char* const target = static_cast<char*>(to);
  const volatile char* const source = static_cast<const char*>(from);
  if (target <= source) {
    for (std::size_t i = 0; i < size; ++i) target[i] = source[i];
  } else {
    for (std::size_t i = size; i > 0; --i) target[i - 1] = source[i - 1];
  }
  return to;
}

void* fill_bytes(void* to, int value, std::size_t size) {
  volatile char* const target = static_cast<char*>(to);
  for (std::size_t i = 0; i < size; ++i) target[i] = static_cast<char>(value);
  return to;
}

void note_access(const void* address, std::size_t size, bool write, ProgramCounter pc) {
  if (size == 0 || pc - code_begin >= code_end - code_begin) return;
  plain_access(address, size, write, pc);
}

void* copied(Copy real, void* to, const void* from, std::size_t size, ProgramCounter pc) {
  note_access(from, size, false, pc);
  note_access(to, size, true, pc);
  return real == nullptr ? copy_bytes(to, from, size) : real(to, from, size);
}

void* filled(void* to, int value, std::size_t size, ProgramCounter pc) {
  note_access(to, size, true, pc);
  return real_memset == nullptr ? fill_bytes(to, value, size)
                                : real_memset(to, value, size);
}

}  // namespace
}  // namespace interleave

using interleave::copied;
using interleave::filled;

INTERLEAVE_HOOK void* memcpy(void* to, const void* from, std::size_t size) noexcept {
  return copied(interleave::real_memcpy, to, from, size, CALLER);
}
INTERLEAVE_HOOK void* memmove(void* to, const void* from, std::size_t size) noexcept {
  return copied(interleave::real_memmove, to, from, size, CALLER);
}
INTERLEAVE_HOOK void* memset(void* to, int value, std::size_t size) noexcept {
  return filled(to, value, size, CALLER);
}

// What Clang 15 and later call in their place in code that is instrumented.
INTERLEAVE_HOOK void* __tsan_memcpy(void* to, const void* from, std::size_t size) {
  return copied(interleave::real_memcpy, to, from, size, CALLER);
}
INTERLEAVE_HOOK void* __tsan_memmove(void* to, const void* from, std::size_t size) {
  return copied(interleave::real_memmove, to, from, size, CALLER);
}
INTERLEAVE_HOOK void* __tsan_memset(void* to, int value, std::size_t size) {
  return filled(to, value, size, CALLER);
}
