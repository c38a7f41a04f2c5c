// One visible step of one thread: what it is about to do, or has just done.
//
// The scheduler may switch threads before each operation that is visible to others; plain
// reads and writes are not such points (a program whose result depends on their order has
// a race, which the memory model reports whatever the order) and appear in traces only.
#pragma once

#include <cstdint>

namespace interleave {

using ThreadId = std::uint32_t;  // 0 runs the body; others count up in order of creation
// Of an object in the body's memory, the same in every replay.
using Address = std::uintptr_t;
using ProgramCounter = std::uintptr_t;

inline constexpr ThreadId kNoThread = ~ThreadId{0};

// C++20's orders, in the compilers' numbering. consume is treated as acquire.
enum class MemoryOrder : std::uint8_t {
  kRelaxed,
  kConsume,
  kAcquire,
  kRelease,
  kAcqRel,
  kSeqCst
};

[[nodiscard]] constexpr bool acquires(MemoryOrder order) {
  return order == MemoryOrder::kConsume || order == MemoryOrder::kAcquire ||
         order == MemoryOrder::kAcqRel || order == MemoryOrder::kSeqCst;
}
[[nodiscard]] constexpr bool releases(MemoryOrder order) {
  return order == MemoryOrder::kRelease || order == MemoryOrder::kAcqRel ||
         order == MemoryOrder::kSeqCst;
}

enum class OperationKind : std::uint8_t {
  // Threads. `object` is the other thread's id.
  kThreadStart,
  kThreadCreate,
  kThreadJoin,
  kThreadDetach,
  kThreadExit,
  kYield,
  kSleep,
  // Memory. `object` is the address.
  kPlainRead,
  kPlainWrite,
  kAtomicLoad,
  kAtomicStore,
  kAtomicUpdate,           // exchange and fetch_*: always reads and writes
  kAtomicCompareExchange,  // reads, and writes if it finds what it expects
  kFence,
  // Locks. `object` is the lock's address; a recursive or timed lock uses the same kinds.
  kLock,
  kTryLock,
  kUnlock,
  kLockShared,
  kTryLockShared,
  kUnlockShared,
  // Waiting. `object` is the condition variable, or the address of the word that is
  // waited on.
  kConditionWait,  // unlocks the mutex and starts to wait
  kConditionWake,  // a waiter that was notified, woke spuriously or timed out continues
  kNotifyOne,
  kNotifyAll,
  kFutexWait,  // atomic::wait, latch, barrier, semaphore and future come down to this
  kFutexWake,
  kSemaphoreWait,  // POSIX sem_wait and sem_post
  kSemaphorePost,
  kBarrierWait,  // POSIX pthread_barrier_wait
  kTimeOut,      // a timed wait or a sleep comes to its end; time moves to its deadline
  // Initialisation that happens once. `object` is the flag or the guard.
  kOnceEnter,
  kOnceDone,
  // Descriptors. `object` is the open file description's, see descriptor_object; what it
  // depends on is in `groups_of`.
  kOpen,   // pipe, socketpair, socket, eventfd, timerfd_create, epoll_create, dup
  kClose,  // one number of it
  kRead,   // read, readv, recv and their kin
  kWrite,  // write, writev, send and theirs
  kConnect,
  kAccept,
  kShutdown,
  kPoll,  // poll, select: it only looks
  kEpollWait,
  kControl,  // epoll_ctl, bind, listen, timerfd_settime
  // In traces only.
  kAllocate,
  kRelease,
  kClockRead,
  kCall,  // a function of the program was entered; `pc` is its address
  kCheck,
  kDestroy,  // of a mutex or a condition variable
  kUse,      // of a descriptor that was closed
};

struct Operation {
  ThreadId thread = kNoThread;
  OperationKind kind = OperationKind::kYield;
  MemoryOrder order = MemoryOrder::kSeqCst;  // atomics and fences
  std::uint8_t size = 0;                     // bytes, of memory operations
  Address object = 0;
  // kConditionWait, kConditionWake: the mutex. Of descriptors: their groups.
  Address second_object = 0;
  // Return address in the program: where in the source this happens.
  ProgramCounter pc = 0;
  friend bool operator==(const Operation&, const Operation&) = default;
};

// Whether the operation can change what `object` holds, given that its kind is a memory
// operation.
[[nodiscard]] constexpr bool may_write(OperationKind kind) {
  return kind == OperationKind::kPlainWrite || kind == OperationKind::kAtomicStore ||
         kind == OperationKind::kAtomicUpdate ||
         kind == OperationKind::kAtomicCompareExchange;
}
[[nodiscard]] constexpr bool is_atomic(OperationKind kind) {
  return kind >= OperationKind::kAtomicLoad &&
         kind <= OperationKind::kAtomicCompareExchange;
}
[[nodiscard]] constexpr bool is_plain(OperationKind kind) {
  return kind == OperationKind::kPlainRead || kind == OperationKind::kPlainWrite;
}
[[nodiscard]] constexpr bool is_lock(OperationKind kind) {
  return kind >= OperationKind::kLock && kind <= OperationKind::kUnlockShared;
}
[[nodiscard]] constexpr bool is_on_descriptor(OperationKind kind) {
  return kind >= OperationKind::kOpen && kind <= OperationKind::kControl;
}

// -- Descriptors ------------------------------------------------------------------------

// One bit for each set of descriptors that are connected with each other, so that what is
// done to one can be seen at another: the two ends of a pipe, say.
using Groups = std::uint64_t;

[[nodiscard]] constexpr Groups groups_of(const Operation& operation) {
  return is_on_descriptor(operation.kind) ? operation.second_object : 0;
}

enum class DescriptorKind : std::uint8_t { kPipe = 1, kSocket, kEvent, kTimer, kEpoll };

// A description has no address. It is known by its kind and its number among those of its
// kind, as an address where no program has memory; the end of a pipe that is written to lies
// further up.
inline constexpr Address kDescriptorObjects = 0x1000;
inline constexpr Address kWritingEnd = 0x800;

[[nodiscard]] constexpr Address descriptor_object(DescriptorKind kind,
                                                  std::uint32_t number) {
  return kDescriptorObjects * static_cast<Address>(kind) + number % kWritingEnd;
}
// Whether it may be one, of an operation that is not about a thread.
[[nodiscard]] constexpr bool is_descriptor_object(Address object) {
  return object >= kDescriptorObjects && object < 6 * kDescriptorObjects;
}

}  // namespace interleave
