#include "interleave/search/dependence.hpp"

namespace interleave {

bool only_reads(OperationKind kind) {
  return kind == OperationKind::kAtomicLoad || kind == OperationKind::kPlainRead ||
         kind == OperationKind::kPoll;
}

namespace {

// What it does, no other thread can tell; kYield only asks to go later.
bool is_private(OperationKind kind) {
  return kind == OperationKind::kYield || kind == OperationKind::kThreadStart ||
         kind == OperationKind::kCall || kind == OperationKind::kCheck ||
         kind == OperationKind::kAllocate || kind == OperationKind::kRelease ||
         kind == OperationKind::kClockRead;
}

// They move the clock, which all threads read, and the reading of which is no step.
bool moves_time(OperationKind kind) {
  return kind == OperationKind::kSleep || kind == OperationKind::kTimeOut;
}

bool is_sequential_fence(const Operation& operation) {
  return operation.kind == OperationKind::kFence &&
         operation.order == MemoryOrder::kSeqCst;
}

bool is_sequential(const Operation& operation) {
  return operation.order == MemoryOrder::kSeqCst &&
         (operation.kind == OperationKind::kFence || is_atomic(operation.kind));
}

// `object` of these is a thread's id, not an address.
bool concerns_thread(OperationKind kind) {
  return kind == OperationKind::kThreadCreate || kind == OperationKind::kThreadJoin ||
         kind == OperationKind::kThreadDetach;
}

// Creating, joining and detaching order a thread's life with its creator's; its own steps
// cannot come before the first or after the second anyway.
bool dependent_on_thread(const Operation& life, const Operation& other) {
  if (concerns_thread(other.kind)) return life.object == other.object;
  return other.kind == OperationKind::kThreadExit && life.object == other.thread;
}

std::uint64_t width(const Operation& operation) {
  const bool memory = may_write(operation.kind) || only_reads(operation.kind);
  return memory && operation.size > 0 ? operation.size : 1;
}

bool overlap(Address first, std::uint64_t first_size, Address second,
             std::uint64_t second_size) {
  return first != 0 && second != 0 && first < second + second_size &&
         second < first + first_size;
}

bool same_lock(const Operation& first, const Operation& second) {
  return overlap(first.second_object, 1, second.object, 1) ||
         overlap(first.object, 1, second.second_object, 1) ||
         overlap(first.second_object, 1, second.second_object, 1);
}

bool shares(OperationKind kind) {
  return kind == OperationKind::kLockShared || kind == OperationKind::kTryLockShared ||
         kind == OperationKind::kUnlockShared;
}

// Two readers of a lock leave each other alone.
bool both_share(const Operation& first, const Operation& second) {
  return shares(first.kind) && shares(second.kind);
}

}  // namespace

bool dependent(const Operation& first, bool first_wrote, const Operation& second,
               bool second_wrote) {
  if (is_private(first.kind) || is_private(second.kind)) return false;
  if (moves_time(first.kind) || moves_time(second.kind)) return true;
  if (concerns_thread(first.kind)) return dependent_on_thread(first, second);
  if (concerns_thread(second.kind)) return dependent_on_thread(second, first);
  if (is_on_descriptor(first.kind) || is_on_descriptor(second.kind)) {
    return (groups_of(first) & groups_of(second)) != 0 && (first_wrote || second_wrote);
  }
  if (is_sequential_fence(first)) return is_sequential(second);
  if (is_sequential_fence(second)) return is_sequential(first);
  if (same_lock(first, second)) return true;
  if (!overlap(first.object, width(first), second.object, width(second))) return false;
  return (first_wrote || second_wrote) && !both_share(first, second);
}

bool dependent(const Operation& first, const Operation& second) {
  return dependent(first, !only_reads(first.kind), second, !only_reads(second.kind));
}

}  // namespace interleave
