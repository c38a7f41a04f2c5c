// arm64 (AArch64), AAPCS64. The thread pointer is TPIDR_EL0, which a program may write by itself.
#pragma once

#include <sys/syscall.h>
#include <ucontext.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "interleave/trace/operation.hpp"

namespace interleave::machine {

// -- Where things lie, of 39 bits of address: small boards' kernels give no more ----------
inline constexpr Address kHeap = 0x10'0000'0000;
inline constexpr Address kStacks = 0x18'0000'0000;
inline constexpr Address kOwnHeap = 0x40'0000'0000;  // the explorer's
// From the end of one stack to the next: room for the largest that a thread may ask for.
inline constexpr std::size_t kStackDistance = std::size_t{512} << 20U;

// -- The thread pointer -------------------------------------------------------------------

[[nodiscard]] inline std::uintptr_t thread_pointer() {
  std::uintptr_t pointer = 0;
  asm volatile("mrs %0, tpidr_el0" : "=r"(pointer));
  return pointer;
}

// Whether to set the thread pointer takes no call of the kernel.
inline constexpr bool sets_thread_pointer_fast = true;

inline void set_thread_pointer(std::uintptr_t pointer) {
  asm volatile("msr tpidr_el0, %0" : : "r"(pointer) : "memory");
}

// -- Stacks -------------------------------------------------------------------------------

// interleave_switch_stack(save, load): stores what a function must preserve, changes stacks,
// loads it. interleave_enter: the first thing on a new stack; x19 holds the entry, x20 its
// argument. hint 34 is `bti c`: a place that may be jumped to.
asm(R"(
  .text
  .p2align 4
  .type interleave_switch_stack, %function
interleave_switch_stack:
  hint 34
  sub sp, sp, 160
  stp x19, x20, [sp]
  stp x21, x22, [sp, 16]
  stp x23, x24, [sp, 32]
  stp x25, x26, [sp, 48]
  stp x27, x28, [sp, 64]
  stp x29, x30, [sp, 80]
  stp d8, d9, [sp, 96]
  stp d10, d11, [sp, 112]
  stp d12, d13, [sp, 128]
  stp d14, d15, [sp, 144]
  mov x2, sp
  str x2, [x0]
  mov sp, x1
  ldp x19, x20, [sp]
  ldp x21, x22, [sp, 16]
  ldp x23, x24, [sp, 32]
  ldp x25, x26, [sp, 48]
  ldp x27, x28, [sp, 64]
  ldp x29, x30, [sp, 80]
  ldp d8, d9, [sp, 96]
  ldp d10, d11, [sp, 112]
  ldp d12, d13, [sp, 128]
  ldp d14, d15, [sp, 144]
  add sp, sp, 160
  ret
  .type interleave_enter, %function
interleave_enter:
  .cfi_startproc
  .cfi_undefined 30
  mov x0, x20
  blr x19
  brk 1
  .cfi_endproc
)");
// Hidden, so that no table of global symbols is asked for them: they are in none.
extern "C" __attribute__((visibility("hidden"))) void interleave_switch_stack(void** save,
                                                                              void* load);
extern "C" __attribute__((visibility("hidden"))) void interleave_enter();

// The stack pointer of a fiber that has not run yet and is to call entry(argument).
[[nodiscard]] inline void* first_frame(Address stack_end, void (*entry)(void*),
                                       void* argument) {
  constexpr std::size_t words = 20;  // x19 to x30, d8 to d15
  auto* frame = reinterpret_cast<std::uintptr_t*>(stack_end) - words;
  for (std::size_t i = 0; i < words; ++i) frame[i] = 0;
  frame[0] = reinterpret_cast<std::uintptr_t>(entry);
  frame[1] = reinterpret_cast<std::uintptr_t>(argument);
  frame[11] = reinterpret_cast<std::uintptr_t>(&interleave_enter);
  return frame;
}

// What a function must preserve, as debug information numbers it: x19 to x29, d8 to d15.
inline constexpr std::array kPreserved{19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
                                       29, 72, 73, 74, 75, 76, 77, 78, 79};

// -- Signals ------------------------------------------------------------------------------

[[nodiscard]] inline ProgramCounter interrupted_at(const ucontext_t& context) {
  return context.uc_mcontext.pc;
}
// Where a system call's result stands.
[[nodiscard]] inline long result_register(const ucontext_t& context) {
  return static_cast<long>(context.uc_mcontext.regs[0]);
}

// The instruction `svc 0`.
inline constexpr std::array<std::uint8_t, 4> kSystemCall{0x01, 0x00, 0x00, 0xD4};

// -- The compilers ------------------------------------------------------------------------

// How much of a static variable's guard they read to see whether it is initialised. The program
// is taken to be compiled by the compiler that this is compiled by.
#if defined(__clang__)
inline constexpr std::uint8_t kGuardBytes = 1;
#else
inline constexpr std::uint8_t kGuardBytes = 8;
#endif

// -- System calls -------------------------------------------------------------------------

// Those that start a thread or a process.
inline constexpr std::array kStarting{SYS_clone, SYS_clone3};

}  // namespace interleave::machine
