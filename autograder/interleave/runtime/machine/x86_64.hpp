// x86-64, System V ABI. The thread pointer is the base of FS.
#pragma once

#include <sys/auxv.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "interleave/trace/operation.hpp"

namespace interleave::machine {

// -- Where things lie, of 47 bits of address ----------------------------------------------
inline constexpr Address kHeap = 0x0100'0000'0000;
inline constexpr Address kStacks = 0x0150'0000'0000;
inline constexpr Address kOwnHeap = 0x0300'0000'0000;  // the explorer's
// From the end of one stack to the next: room for the largest that a thread may ask for.
inline constexpr std::size_t kStackDistance = std::size_t{4} << 30U;

// -- The thread pointer -------------------------------------------------------------------

[[nodiscard]] inline std::uintptr_t thread_pointer() {
  std::uintptr_t pointer = 0;
  asm volatile("movq %%fs:0, %0" : "=r"(pointer));
  return pointer;
}

// Linux tells by a bit that a program may write FS by itself; otherwise the kernel must, which
// INTERLEAVE_FSGSBASE=0 asks for.
[[nodiscard]] inline bool may_write_fs() {
  constexpr unsigned long may = 2;
  const char* const wanted = std::getenv("INTERLEAVE_FSGSBASE");
  return (getauxval(AT_HWCAP2) & may) != 0 && (wanted == nullptr || *wanted != '0');
}

// Whether to set the thread pointer takes no call of the kernel.
inline const bool sets_thread_pointer_fast = may_write_fs();

inline void set_thread_pointer(std::uintptr_t pointer) {
  if (sets_thread_pointer_fast) {
    asm volatile("wrfsbase %0" : : "r"(pointer) : "memory");
  } else {
    constexpr long kSetFs = 0x1002;
    long result = SYS_arch_prctl;
    asm volatile("syscall"
                 : "+a"(result)
                 : "D"(kSetFs), "S"(pointer)
                 : "rcx", "r11", "memory");
  }
}

// -- Stacks -------------------------------------------------------------------------------

// interleave_switch_stack(save, load): pushes what a function must preserve, changes
// stacks, pops it. interleave_enter: the first thing on a new stack; r12 holds the entry,
// r13 its argument.
asm(R"(
  .text
  .type interleave_switch_stack, @function
interleave_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
  .type interleave_enter, @function
interleave_enter:
  .cfi_startproc
  .cfi_undefined rip
  movq %r13, %rdi
  callq *%r12
  ud2
  .cfi_endproc
)");
// Hidden, so that no table of global symbols is asked for them: they are in none.
extern "C" __attribute__((visibility("hidden"))) void interleave_switch_stack(void** save,
                                                                              void* load);
extern "C" __attribute__((visibility("hidden"))) void interleave_enter();

// The stack pointer of a fiber that has not run yet and is to call entry(argument).
[[nodiscard]] inline void* first_frame(Address stack_end, void (*entry)(void*),
                                       void* argument) {
  // From the top: padding that aligns the stack for a call, the return address, rbp, rbx,
  // r12 .. r15.
  auto* top = reinterpret_cast<std::uintptr_t*>(stack_end) - 2;
  *--top = reinterpret_cast<std::uintptr_t>(&interleave_enter);
  *--top = 0;
  *--top = 0;
  *--top = reinterpret_cast<std::uintptr_t>(entry);
  *--top = reinterpret_cast<std::uintptr_t>(argument);
  *--top = 0;
  *--top = 0;
  return top;
}

// What a function must preserve, as debug information numbers it: rbx, rbp, r12 to r15.
inline constexpr std::array kPreserved{3, 6, 12, 13, 14, 15};

// -- Signals ------------------------------------------------------------------------------

[[nodiscard]] inline ProgramCounter interrupted_at(const ucontext_t& context) {
  return static_cast<ProgramCounter>(context.uc_mcontext.gregs[REG_RIP]);
}
// Where a system call's result stands.
[[nodiscard]] inline long result_register(const ucontext_t& context) {
  return context.uc_mcontext.gregs[REG_RAX];
}

// The instruction `syscall`.
inline constexpr std::array<std::uint8_t, 2> kSystemCall{0x0F, 0x05};

// -- The compilers ------------------------------------------------------------------------

// How much of a static variable's guard they read to see whether it is initialised.
inline constexpr std::uint8_t kGuardBytes = 1;

// -- System calls -------------------------------------------------------------------------

// Those that start a thread or a process.
inline constexpr std::array kStarting{SYS_clone, SYS_clone3, SYS_fork, SYS_vfork};

}  // namespace interleave::machine
