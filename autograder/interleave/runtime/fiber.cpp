#include "interleave/runtime/fiber.hpp"

#include <elf.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "interleave/runtime/platform.hpp"  // first: nothing else compiles elsewhere
#include "interleave/runtime/real.hpp"

namespace interleave {
namespace {

constexpr std::size_t kGuardSize = std::size_t{1} << 16U;
// Only sleeps; the C library puts its thread-local block and its own tables here too.
constexpr std::size_t kLenderStackSize = std::size_t{256} << 10U;

[[noreturn]] void stop_for_lack_of(const char* what) {
  std::fprintf(stderr, "interleave: no more %s for another thread\n", what);
  std::abort();
}

struct Loan {
  std::atomic<std::uintptr_t> thread_pointer{0};
  void (*adopt)(void*) = nullptr;
  void* argument = nullptr;
};

// The body of a lending thread. It never touches its thread-local block again.
void* lend(void* argument) {
  auto* loan = static_cast<Loan*>(argument);
  loan->adopt(loan->argument);
  loan->thread_pointer.store(own_thread_pointer(), std::memory_order_release);
  for (;;) real().syscall(SYS_pause);  // pause itself is hooked
}

std::uintptr_t borrow_thread_pointer(Loan& loan) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kLenderStackSize);
  // A signal for the process must not run on a lender.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t lender{};
  const int error = real().pthread_create(&lender, &attributes, lend, &loan);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (error != 0) stop_for_lack_of("threads");
  std::uintptr_t pointer = 0;
  while ((pointer = loan.thread_pointer.load(std::memory_order_acquire)) == 0) {
    real().sched_yield();
  }
  return pointer;
}

// Lets the stack begin at `begin`, further down.
bool map_down_to(Fiber& fiber, Address begin) {
  const std::size_t size = fiber.stack_begin - begin;
  void* mapped =
      mmap(reinterpret_cast<void*>(begin), size, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (mapped == MAP_FAILED) return false;
  // Else the first touch fills two megabytes, in each process anew.
  madvise(mapped, size, MADV_NOHUGEPAGE);
  fiber.stack_begin = begin;
  return true;
}

void map_stack(Fiber& fiber, std::size_t index) {
  fiber.stack_end = fiber.stack_begin =
      kFirstStack + (index + 1) * Fiber::kStackDistance - kGuardSize;
  if (!map_down_to(fiber, fiber.stack_end - kUsualStackSize)) {
    stop_for_lack_of("address space");
  }
}

// Where the program's own thread_local variables are, relative to a thread pointer.
struct ThreadLocals {
  const void* image = nullptr;  // of those that are initialised
  std::size_t image_size = 0;
  std::size_t size = 0;
  std::intptr_t offset = 0;
};

int find_thread_locals(dl_phdr_info* info, std::size_t, void* result) {
  auto& locals = *static_cast<ThreadLocals*>(result);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    if (header.p_type != PT_TLS || info->dlpi_tls_data == nullptr) continue;
    locals.image = reinterpret_cast<const void*>(info->dlpi_addr + header.p_vaddr);
    locals.image_size = header.p_filesz;
    locals.size = header.p_memsz;
    locals.offset = static_cast<std::intptr_t>(
        reinterpret_cast<std::uintptr_t>(info->dlpi_tls_data) - own_thread_pointer());
  }
  return 1;  // the first object is the program itself
}

const ThreadLocals& thread_locals() {
  static const ThreadLocals locals = [] {
    ThreadLocals found;
    dl_iterate_phdr(find_thread_locals, &found);
    return found;
  }();
  return locals;
}

// Linux tells by this bit that a program may write FS by itself; otherwise the kernel must.
constexpr unsigned long kUserFsGsBase = 2;
const bool writes_fs_itself = (getauxval(AT_HWCAP2) & kUserFsGsBase) != 0;

void set_thread_pointer(std::uintptr_t pointer) {
  if (writes_fs_itself) {
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

}  // namespace

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

extern "C" void interleave_switch_stack(void** save, void* load);
extern "C" void interleave_enter();

std::uintptr_t own_thread_pointer() {
  std::uintptr_t pointer = 0;
  asm("movq %%fs:0, %0" : "=r"(pointer));
  return pointer;
}

void create_fiber(Fiber& fiber, std::size_t index, void (*adopt)(void*), void* argument) {
  thread_locals();  // is found relative to the explorer's thread, before any switch
  Loan loan;
  loan.adopt = adopt;
  loan.argument = argument;
  fiber.thread_pointer = borrow_thread_pointer(loan);
  map_stack(fiber, index);
}

bool enlarge_stack(Fiber& fiber, std::size_t size) {
  constexpr std::size_t page = 4096;
  if (size > Fiber::kStackDistance - 2 * kGuardSize) return false;
  const Address begin = (fiber.stack_end - size) & ~(page - 1);
  return begin >= fiber.stack_begin || map_down_to(fiber, begin);
}

void prepare_fiber(Fiber& fiber, void (*entry)(void*), void* argument) {
  // From the top: padding that aligns the stack for a call, the return address, rbp, rbx,
  // r12 .. r15.
  auto* top = reinterpret_cast<std::uintptr_t*>(fiber.stack_end) - 2;
  *--top = reinterpret_cast<std::uintptr_t>(&interleave_enter);
  *--top = 0;
  *--top = 0;
  *--top = reinterpret_cast<std::uintptr_t>(entry);
  *--top = reinterpret_cast<std::uintptr_t>(argument);
  *--top = 0;
  *--top = 0;
  fiber.stack_pointer = top;
}

void reset_thread_locals(const Fiber& fiber) {
  const ThreadLocals& locals = thread_locals();
  if (locals.size == 0) return;
  auto* begin = reinterpret_cast<char*>(fiber.thread_pointer) + locals.offset;
  std::memcpy(begin, locals.image, locals.image_size);
  std::memset(begin + locals.image_size, 0, locals.size - locals.image_size);
}

void switch_fiber(Fiber& from, const Fiber& to) {
  set_thread_pointer(to.thread_pointer);
  interleave_switch_stack(&from.stack_pointer, to.stack_pointer);
}

}  // namespace interleave
