// C++20's memory model (as RC11 has it: no load buffering) for one execution at a time.
//
//   thread clocks      plain memory: last accesses      atomic location: its stores
//   T0  [ 4 0 2 ]      x  write  T0@3  pc               x  mo:  0 <-- 1 (T0, rel) <-- 3 (T1)
//   T1  [ 3 5 0 ]         reads  {T1@4 pc}              a load may read any of them that
//                                                       coherence and seq_cst leave to it
//
// It knows nothing of schedulers, hooks or real memory. The engine calls it once for each
// memory operation, in execution order. Where C++20 leaves a choice, the model lists what
// is allowed, the engine chooses (a Decision of the search), and commits the choice.
// Every prefix of commits is consistent, so no choice is ever taken back; and
// every consistent execution is reached by some order of commits.
//
//   load      load_choices     stores to read from                        commit_load
//   store     store_choices    number of places in modification order     commit_store
//   update    update_choices   stores to read from; the new store goes    commit_update
//                              right behind
//   compare   compare_choices  stores to read from; those that differ     commit_compare
//                              from `expected` read only, with the
//                              failure order
//
// Choice 0 is always the one of sequential consistency: the newest store; the last place.
// In sequential mode there is no other.
//
// Threads     None: one caller at a time.
// Errors      Races are returned, not thrown; the engine decides what becomes of them.
// Parts       clock_rows, shadow_pages, race_detector, sync_objects; histories: stores and
//             modification orders; seq_cst_order: the constraints of seq_cst.
//
// Left out    Load buffering and out-of-thin-air values (as in RC11); consume is acquire.
//             A weak compare-exchange that fails for no reason reads a store that it could
//             have replaced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "interleave/trace/failure.hpp"
#include "interleave/trace/operation.hpp"
#include "interleave/trace/trace.hpp"

namespace interleave {

enum class MemoryMode : std::uint8_t {
  kSequential,
  kWeak,  // what C++20 allows, and RC11 too
  kRc11,  // what the paper allows, for its published numbers
};

// Who accesses, and where in the program and the trace.
struct Site {
  ThreadId thread = kNoThread;
  std::uint32_t step = kNoStep;
  ProgramCounter pc = 0;
};

struct Race {
  Access earlier;
  Access later;
};

// One store that a load may read.
struct StoreChoice {
  Value value;
  std::uint32_t step = kNoStep;  // of the store; kNoStep: what the location held at first
  ThreadId thread = kNoThread;
};

// What a commit did, for the trace and for the real memory.
struct Committed {
  Value read;
  Value written;
  std::uint32_t reads_from = kNoStep;
  // Of the store that is last in modification order before this.
  std::uint32_t newest_store = kNoStep;
  bool wrote = false;
  // The store is last in modification order: real memory takes its value.
  bool newest = true;
  bool changed = false;        // it wrote a value other than the one before it
  const Race* race = nullptr;  // with a plain access; valid until the next call
};

class MemoryModel {
 public:
  // A location that gathered `tidy_after` stores is searched for some that no thread may
  // read any more; they are dropped. It changes nothing but memory and time.
  explicit MemoryModel(MemoryMode mode, std::size_t tidy_after = 8);
  ~MemoryModel();
  MemoryModel(const MemoryModel&) = delete;
  MemoryModel& operator=(const MemoryModel&) = delete;

  // Forgets everything; thread 0 exists. Called before each schedule, so it must cost no
  // more than what the last one touched.
  void begin_execution();

  // -- Threads and synchronisation objects: happens-before without values ---

  void thread_created(ThreadId creator, ThreadId created);
  void thread_joined(ThreadId joiner, ThreadId ended);

  // `object` is any number that names a lock, a condition or a guard; objects that need
  // several clocks (a reader-writer lock) use several numbers. release_to forgets what
  // the object knew, merge_to adds.
  void release_to(ThreadId thread, Address object);
  void merge_to(ThreadId thread, Address object);
  void acquire_from(ThreadId thread, Address object);

  // -- Plain memory ------------------------------------------------------------------

  // A race with an earlier access, or nullptr. Valid until the next call. Of any size; a
  // range is one access. Accesses that race are remembered like others, so that one race
  // is reported once.
  const Race* read(const Site& site, Address address, std::uint64_t size);
  const Race* write(const Site& site, Address address, std::uint64_t size);

  // The memory begins a new life (allocated, freed, a reused stack): earlier accesses and
  // stores are forgotten.
  void reset(Address address, std::uint64_t size);

  // -- Atomics -----------------------------------------------------------------------

  // `held` is what real memory holds. It is the first store of a location that is new to
  // the model; if it differs from the newest store, code that was not instrumented wrote
  // it, and a new history starts there. Returned spans are valid until the commit that
  // follows, which must come before any other call.

  std::span<const StoreChoice> load_choices(const Site& site, Address address,
                                            std::uint8_t size, MemoryOrder order,
                                            Value held);
  Committed commit_load(std::size_t choice);

  // How many places in the modification order the store may take: at least 1. Choice 0 is
  // the end; each further one is nearer to the beginning.
  std::size_t store_choices(const Site& site, Address address, std::uint8_t size,
                            MemoryOrder order, Value held);
  Committed commit_store(std::size_t choice, Value value);

  std::span<const StoreChoice> update_choices(const Site& site, Address address,
                                              std::uint8_t size, MemoryOrder order,
                                              Value held);
  Committed commit_update(std::size_t choice, Value value);

  // Choices that hold `expected` (compared in `size` bytes) may be committed with succeed
  // = true, or, for a weak compare-exchange, with false (a spurious failure); all others
  // with false only.
  std::span<const StoreChoice> compare_choices(const Site& site, Address address,
                                               std::uint8_t size, MemoryOrder success,
                                               MemoryOrder failure, Value held,
                                               Value expected);
  Committed commit_compare(std::size_t choice, bool succeed, Value value);

  void fence(const Site& site, MemoryOrder order);

  // -- Counting ----------------------------------------------------------------------

  // The same for two executions of one program exactly if the same reads read from the
  // same stores, every location has the same modification order, and objects were handed
  // over alike (each acquisition reads from the releases before it), whatever the order in
  // which it was executed. An operation is identified by its thread and its number among
  // that thread's atomic operations, or among its hand-overs.
  [[nodiscard]] std::uint64_t execution_hash() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace interleave
