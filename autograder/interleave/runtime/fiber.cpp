#include "interleave/runtime/fiber.hpp"

#include <elf.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "interleave/runtime/real.hpp"

namespace interleave {
namespace {

// Of arm64: 4, 16 or 64 KiB, as its kernel was built.
constexpr std::size_t kLargestPage = std::size_t{64} << 10U;
constexpr std::size_t kGuardSize = kLargestPage;
// Does nothing; the C library puts its thread-local block and its own tables at the end.
constexpr std::size_t kLenderStackSize = std::size_t{256} << 10U;

[[noreturn]] void stop_for_lack_of(const char* what) {
  std::fprintf(stderr, "interleave: no more %s for another thread\n", what);
  std::abort();
}

struct Loan {
  Address variables_begin = 0;
  std::atomic<std::uintptr_t> thread_pointer{0};
  std::atomic<int> alive{1};  // the kernel sets it to 0
  void (*adopt)(void*) = nullptr;
  void* argument = nullptr;
};

// The body of a lending thread. It ends behind the C library's back, which would else take its
// thread-local block away, and with its number left in there: locks of the C library's own that
// may be taken twice tell threads by it.
void* lend(void* argument) {
  auto* loan = static_cast<Loan*>(argument);
  loan->adopt(loan->argument);
  loan->variables_begin = reinterpret_cast<Address>(__builtin_frame_address(0));
  loan->thread_pointer.store(machine::thread_pointer(), std::memory_order_release);
  real().syscall(SYS_set_tid_address, &loan->alive);
  real().syscall(SYS_exit, 0);
  __builtin_unreachable();
}

void* map_anywhere(std::size_t size) {
  void* const mapped = real().mmap(nullptr, size, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) stop_for_lack_of("address space");
  return mapped;
}

void borrow_thread_pointer(Fiber& fiber, Loan& loan) {
  void* const stack = map_anywhere(kLenderStackSize);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, stack, kLenderStackSize);
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
  while (loan.thread_pointer.load(std::memory_order_acquire) == 0) real().sched_yield();
  while (loan.alive.load(std::memory_order_acquire) != 0) real().sched_yield();
  fiber.thread_pointer = loan.thread_pointer.load(std::memory_order_relaxed);
  const Address end = reinterpret_cast<Address>(stack) + kLenderStackSize;
  fiber.own_variables = {loan.variables_begin, end - loan.variables_begin};
}

// Lets the stack begin at `begin`, further down.
bool map_down_to(Fiber& fiber, Address begin) {
  const std::size_t size = fiber.stack_begin - begin;
  void* mapped = real().mmap(
      reinterpret_cast<void*>(begin), size, PROT_READ | PROT_WRITE,
      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (mapped == MAP_FAILED) return false;
  if (mapped != reinterpret_cast<void*>(begin)) {  // what does not know the flag moves it
    munmap(mapped, size);
    return false;
  }
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
    locals.offset =
        static_cast<std::intptr_t>(reinterpret_cast<std::uintptr_t>(info->dlpi_tls_data) -
                                   machine::thread_pointer());
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

// More than this takes longer to exchange than the kernel takes to set a pointer.
constexpr std::size_t kMostExchanged = 2048;

// Adds up, as [begin, begin + size), where the thread-local variables of all objects lie.
int add_thread_locals(dl_phdr_info* info, std::size_t, void* result) {
  auto& all = *static_cast<AddressRange*>(result);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    if (header.p_type != PT_TLS) continue;
    // Of an object that was loaded later they lie elsewhere, as far away as nullptr.
    const auto begin = reinterpret_cast<Address>(info->dlpi_tls_data);
    const Address end = std::max(begin + header.p_memsz, all.begin + all.size);
    all.begin = all.size == 0 ? begin : std::min(all.begin, begin);
    all.size = end - all.begin;
  }
  return 0;
}

// What is to be exchanged. A variable of the program's own may be shared with other threads, by
// its address: then it must have one for each thread.
AddressRange found_exchanged() {
  AddressRange found;
  if (machine::sets_thread_pointer_fast || thread_locals().size != 0) return found;
  dl_iterate_phdr(add_thread_locals, &found);
  return found.size <= kMostExchanged ? found : AddressRange{};
}

void exchange_thread_locals(const Fiber& from, const Fiber& to) {
  const std::uintptr_t offset = exchanged_locals.begin - machine::thread_pointer();
  auto* const running = reinterpret_cast<char*>(exchanged_locals.begin);
  const auto kept = [offset](const Fiber& fiber) {
    return reinterpret_cast<char*>(fiber.thread_pointer + offset);
  };
  real().memcpy(kept(from), running, exchanged_locals.size);
  real().memcpy(running, kept(to), exchanged_locals.size);
}

}  // namespace

constinit AddressRange exchanged_locals;

void become_fiber(Fiber& fiber) {
  alignas(16) static std::array<char, kMostExchanged> kept;
  static const AddressRange always = found_exchanged();
  exchanged_locals = always;
  fiber.thread_pointer = machine::thread_pointer();
  if (exchanged_locals.size == 0) return;
  fiber.thread_pointer += reinterpret_cast<Address>(kept.data()) - exchanged_locals.begin;
}

void create_fiber(Fiber& fiber, std::size_t index, void (*adopt)(void*), void* argument) {
  thread_locals();  // is found relative to the explorer's thread, before any switch
  Loan loan;
  loan.adopt = adopt;
  loan.argument = argument;
  borrow_thread_pointer(fiber, loan);
  map_stack(fiber, index);
}

void create_fiber_beside(Fiber& fiber) {
  static const auto begin = reinterpret_cast<Address>(map_anywhere(kUsualStackSize));
  become_fiber(fiber);
  fiber.stack_begin = begin;
  fiber.stack_end = begin + kUsualStackSize;
}

AddressRange own_variables_of_caller() {
  AddressRange found;
  dl_iterate_phdr(add_thread_locals, &found);
  return found;
}

void renew_stack(Fiber& fiber, Address begin) {
  if (begin > fiber.stack_begin) {
    munmap(reinterpret_cast<void*>(fiber.stack_begin), begin - fiber.stack_begin);
    fiber.stack_begin = begin;
  }
  madvise(reinterpret_cast<void*>(begin), fiber.stack_end - begin, MADV_DONTNEED);
}

bool enlarge_stack(Fiber& fiber, std::size_t size) {
  if (size > Fiber::kStackDistance - 2 * kGuardSize) return false;
  const Address begin = (fiber.stack_end - size) & ~(kLargestPage - 1);
  return begin >= fiber.stack_begin || map_down_to(fiber, begin);
}

void prepare_fiber(Fiber& fiber, void (*entry)(void*), void* argument) {
  fiber.stack_pointer = machine::first_frame(fiber.stack_end, entry, argument);
}

void reset_thread_locals(const Fiber& fiber) {
  const ThreadLocals& locals = thread_locals();
  if (locals.size == 0) return;
  auto* begin = reinterpret_cast<char*>(fiber.thread_pointer) + locals.offset;
  std::memcpy(begin, locals.image, locals.image_size);
  std::memset(begin + locals.image_size, 0, locals.size - locals.image_size);
}

void switch_fiber(Fiber& from, const Fiber& to) {
  if (exchanged_locals.size == 0) {
    machine::set_thread_pointer(to.thread_pointer);
  } else {
    exchange_thread_locals(from, to);
  }
  machine::interleave_switch_stack(&from.stack_pointer, to.stack_pointer);
}

}  // namespace interleave
