// What happened in one schedule, step by step: recorded only while a failure is replayed.
//
//   decisions  --replay-->  Trace of Steps  --report-->  picture
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "interleave/trace/operation.hpp"

namespace interleave {

// Atomics are at most 16 bytes. `low` alone for all others.
struct Value {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  friend bool operator==(const Value&, const Value&) = default;
};

inline constexpr std::uint32_t kNoStep = ~std::uint32_t{0};

// What a thread holds that took or gave back locks in steps that are left out.
struct Holding {
  ThreadId thread = kNoThread;
  std::vector<Address> locks;
  friend bool operator==(const Holding&, const Holding&) = default;
};

struct Step {
  std::uint32_t number = 0;     // counts from 1 over all threads, plain accesses included
  std::uint32_t decisions = 0;  // of the schedule, so many were made before it
  Operation operation;
  bool reads = false;
  bool writes = false;
  Value value_read;     // meaningful if reads
  Value value_written;  // meaningful if writes
  // The step that stored value_read; kNoStep: the initial value.
  std::uint32_t reads_from = kNoStep;
  // The step whose store it could have read, if it read an older one.
  std::uint32_t newest_store = kNoStep;
  bool succeeded = true;  // try_lock, compare_exchange; false for a wait that timed out
  // Blocked here: the thread that holds what it wants, if one does.
  ThreadId waits_for = kNoThread;
  bool blocked = false;              // the thread could not continue at once
  std::uint32_t woken_by = kNoStep;  // the step that let it continue
  std::uint64_t nanoseconds = 0;     // virtual time since the body began
  // Bytes allocated, read or written, waiters woken, events seen, nanoseconds slept.
  std::uint64_t amount = 0;
  std::uint64_t asked = 0;  // kWrite: bytes that were to be written
  // Return addresses, innermost first; stack[0] == operation.pc.
  std::vector<ProgramCounter> stack;
  std::vector<Holding> untold;  // right before this step
  std::uint32_t left_out = 0;   // operations before it that are in no step
};

struct ThreadRecord {
  std::string name;  // given by name_thread, or "leader", "worker 1", ...
  ThreadId creator = kNoThread;
  std::vector<Address> holds;  // locks held at the end
  std::uint32_t last_step = kNoStep;
  bool finished = false;
  bool blocked = false;  // at the end, in its last step
};

// The memory that an object lives in, so that a report can name it.
struct Block {
  Address begin = 0;
  std::uint64_t size = 0;
  ThreadId thread = kNoThread;  // allocated by
  std::uint32_t allocated = kNoStep;
  std::uint32_t released = kNoStep;
  std::vector<ProgramCounter> stack;  // of the allocation
};

struct StackRange {
  ThreadId thread = kNoThread;
  Address begin = 0;
  Address end = 0;
};

struct Trace {
  std::vector<Step> steps;
  std::vector<ThreadRecord> threads;  // indexed by ThreadId
  std::vector<Block> blocks;
  std::vector<StackRange> stacks;  // indexed by ThreadId
};

}  // namespace interleave
