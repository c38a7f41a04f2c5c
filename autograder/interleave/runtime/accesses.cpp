// Reads and writes of memory, plain and atomic; allocation.
#include <algorithm>
#include <cstring>

#include "interleave/runtime/program.hpp"
#include "interleave/runtime/program_costs.hpp"

// std::__detail::__waiter_pool_base::_S_for()::__w, where the program uses it.
extern "C" __attribute__((weak)) char libstdcxx_waiter_table[16 * 128] asm(
    "_ZZNSt8__detail18__waiter_pool_base6_S_forEPKvE3__w");

namespace interleave {
namespace {

// A thread that only computes still lets others run now and then, so that waiting for a
// plain variable, which is a race, is seen rather than suffered.
constexpr std::uint32_t kPlainAccessesBeforeYield = 20'000;

// A large block is guarded against racing uses when it is made and freed at its first bytes
// only.
constexpr std::uint64_t kGuardedAtFree = 1024;

bool on_own_stack(const Thread& self, Address address) {
  return address - self.fiber.stack_begin < self.fiber.stack_end - self.fiber.stack_begin;
}

[[noreturn]] void fail_use_after_free(Thread& self, const Access& access) {
  const Arena::Block* const block = engine().arena().find(access.address);
  Failure failure;
  failure.kind = FailureKind::kUseAfterFree;
  failure.thread = self.id;
  failure.step = access.step;
  failure.pc = access.pc;
  failure.accesses = {access};
  if (block != nullptr) failure.block = described(*block);
  failure.message =
      self.name + (access.write ? " writes to" : " reads") +
      (block != nullptr ? " memory that was freed" : " memory outside any block");
  engine().fail(std::move(failure));
}

// What was a local variable of a thread that has ended is nothing any more.
[[noreturn]] void fail_use_after_end(Thread& self, const Access& access) {
  const auto owner = static_cast<ThreadId>(fiber_with_stack_at(access.address));
  Failure failure;
  failure.kind = FailureKind::kUseAfterFree;
  failure.thread = self.id;
  failure.step = access.step;
  failure.pc = access.pc;
  failure.accesses = {access};
  failure.message = self.name + (access.write ? " writes to" : " reads") +
                    " a local variable of " + engine().threads()[owner].name +
                    ", which has ended";
  engine().fail(std::move(failure));
}

bool is_gone(Address address) {
  const Arena& arena = engine().arena();
  if (arena.contains(address)) return arena.state_of(address) != Arena::State::kLive;
  if (!is_on_a_stack(address)) return false;
  const std::size_t owner = fiber_with_stack_at(address);
  return owner < engine().threads().size() &&
         engine().threads()[static_cast<ThreadId>(owner)].finished;
}

// Of memory that is gone.
[[noreturn, gnu::cold]] void fail_use(Thread& self, Address address, std::uint64_t size,
                                      bool write, bool atomic, ProgramCounter pc) {
  const Access access{self.id, tracer().step(), address, static_cast<std::uint32_t>(size),
                      pc,      write,           atomic};
  if (Arena::contains(address)) fail_use_after_free(self, access);
  fail_use_after_end(self, access);
}

// Of an access that is not in the trace yet: if it cannot be made, it is its last step.
void check_alive(Thread& self, const Operation& operation, bool write, bool atomic) {
  if (!is_gone(operation.object)) return;
  tracer().remark(self, operation);
  fail_use(self, operation.object, operation.size, write, atomic, operation.pc);
}

[[gnu::cold]] void fail_race(const Thread& self, const Race& race) {
  if (!engine().looks_for_races()) return;
  Failure failure;
  failure.kind = FailureKind::kRace;
  failure.thread = self.id;
  failure.step = race.later.step;
  failure.pc = race.later.pc;
  failure.accesses = {race.earlier, race.later};
  failure.message = engine().threads()[race.earlier.thread].name +
                    (race.earlier.write ? " writes and " : " reads and ") + self.name +
                    (race.later.write ? " writes" : " reads") +
                    " the same memory, and nothing orders the two";
  engine().fail(std::move(failure));
}

[[gnu::cold]] void trace_plain(Thread& self, Address address, std::uint64_t size,
                               bool write, ProgramCounter pc) {
  const OperationKind kind =
      write ? OperationKind::kPlainWrite : OperationKind::kPlainRead;
  Step* step = tracer().traced(
      self, {.thread = self.id,
             .kind = kind,
             .size = static_cast<std::uint8_t>(std::min<std::uint64_t>(size, 255)),
             .object = address,
             .pc = pc});
  step->reads = !write;
  step->writes = write;
}

}  // namespace

void expect_alive(Thread& self, const Operation& operation) {
  const Address object = operation.object;
  if (is_gone(object)) {
    if (Arena::contains(object)) tracer().remark(self, operation);
    fail_use(self, object, 1, true, true, operation.pc);
  }
  if (!Arena::contains(object)) return;
  if (engine().alone() || !engine().looks_for_races()) return;
  // Freeing counts as writing: if nothing orders the two, another schedule frees it first.
  const Site site = tracer().coming_site(self, operation.pc);
  const Race* race = engine().memory().read(site, object, 1);
  if (race == nullptr) return;
  tracer().remark(self, operation);
  fail_race(self, *race);
}

namespace {

std::uint64_t content_of(Value value) { return value.low ^ (value.high * 31); }

}  // namespace

// -- Plain ------------------------------------------------------------------------------

namespace {

// Where races are meant: a step like that of an atomic, for as many bytes as a step tells of.
[[gnu::noinline]] void scheduled_access(Thread& self, Address address, std::uint64_t size,
                                        bool write, ProgramCounter pc) {
  constexpr std::uint64_t most = 128;
  for (std::uint64_t done = 0; done < size; done += most) {
    const Operation operation{
        .thread = self.id,
        .kind = write ? OperationKind::kPlainWrite : OperationKind::kPlainRead,
        .size = static_cast<std::uint8_t>(std::min(size - done, most)),
        .object = address + done,
        .pc = pc};
    scheduler().point(self, operation);
    check_alive(self, operation, write, false);
    const Site site = tracer().coming_site(self, pc);
    if (write) {
      engine().memory().write(site, operation.object, operation.size);
      scheduler().changed(self);
    } else {
      const std::uint8_t seen = std::min<std::uint8_t>(operation.size, sizeof(Value));
      scheduler().observe(self, pc, operation.object,
                          content_of(held_at(operation.object, seen)));
    }
    if (Step* step = tracer().performed(self, operation, write)) {
      step->reads = !write;
      step->writes = write;
    }
  }
}

void look_for_race(const Thread& self, Address address, std::uint64_t size, bool write,
                   ProgramCounter pc) {
  if (engine().alone()) return;
  const Site site = tracer().site(self, pc);
  const Race* race = write ? engine().memory().write(site, address, size)
                           : engine().memory().read(site, address, size);
  if (race != nullptr && !exchanged_locals.holds(address)) fail_race(self, *race);
}

void observe_write(Thread& self, Address address, std::uint64_t size, ProgramCounter pc) {
  if (self.spin.watching()) scheduler().observe_write(self, pc, address, size);
}

void count_access(Thread& self, ProgramCounter pc) {
  if (++self.plain_accesses != kPlainAccessesBeforeYield) return;
  self.plain_accesses = 0;
  yield(self, pc);
}

// A race would be told rather than what the probe makes of the write.
[[gnu::cold]] void write_in_probe(Thread& self, Address address, std::uint64_t size,
                                  ProgramCounter pc) {
  look_for_race(self, address, size, true, pc);
  observe_write(self, address, size, pc);
  probe().about_to_write(self, address, size);
  count_access(self, pc);
}

}  // namespace

void plain_access(const void* object, std::uint64_t size, bool write, ProgramCounter pc) {
  Thread* const thread = body_thread();
  if (thread == nullptr) return;
  Thread& self = *thread;
  const RuntimeScope scope(self);
  const auto address = reinterpret_cast<Address>(object);
  if (!engine().looks_for_races() && !engine().alone()) {
    return scheduled_access(self, address, size, write, pc);
  }
  tracer().count_step(self);
  if (tracer().tracing()) trace_plain(self, address, size, write, pc);
  if (!on_own_stack(self, address)) {
    if (is_gone(address)) fail_use(self, address, size, write, false, pc);
    if (write) {
      if (probe().running()) return write_in_probe(self, address, size, pc);
      observe_write(self, address, size, pc);
      self.wrote_under_lock = true;
    }
  }
  look_for_race(self, address, size, write, pc);
  count_access(self, pc);
}

// -- Atomic -----------------------------------------------------------------------------

Value held_at(Address address, std::uint8_t size) {
  Value value;
  std::memcpy(static_cast<void*>(&value), reinterpret_cast<const void*>(address), size);
  return value;
}

void put(Address address, std::uint8_t size, Value value) {
  std::memcpy(reinterpret_cast<void*>(address), &value, size);
}

namespace {

std::size_t choose_store(std::span<const StoreChoice> stores,
                         const Operation& operation) {
  if (stores.size() < 2) return 0;
  std::vector<Alternative> alternatives;
  alternatives.reserve(stores.size());
  for (const StoreChoice& store : stores) {
    alternatives.push_back(
        {.thread = store.thread, .pending = operation, .store = store.step});
  }
  return scheduler().decide(DecisionKind::kStore, alternatives);
}

std::size_t choose_place(std::size_t places, const Operation& operation) {
  if (places < 2) return 0;
  std::vector<Alternative> alternatives;
  for (std::size_t place = 0; place < places; ++place) {
    alternatives.push_back({.thread = operation.thread,
                            .pending = operation,
                            .store = static_cast<std::uint32_t>(place)});
  }
  return scheduler().decide(DecisionKind::kPlace, alternatives);
}

// Everything that follows an atomic operation, whichever it was.
void conclude(Thread& self, const Operation& operation, const Committed& committed,
              bool reads, bool succeeded) {
  if (committed.race != nullptr) {
    tracer().remark(self, operation);
    fail_race(self, *committed.race);
  }
  if (committed.wrote && committed.newest)
    put(operation.object, operation.size, committed.written);
  if (reads)
    scheduler().observe(self, operation.pc, operation.object, content_of(committed.read));
  if (reads) {
    self.last_read = operation.object;
    self.last_seen = committed.read.low;
    if (committed.reads_from == kNoStep) engine().saw_nobodys_store(self);
  }
  if (committed.wrote && committed.changed) scheduler().changed(self);
  Step* step = tracer().performed(self, operation, committed.wrote);
  if (step == nullptr) return;
  step->reads = reads;
  step->writes = committed.wrote;
  step->value_read = committed.read;
  step->value_written = committed.written;
  step->reads_from = committed.reads_from;
  step->newest_store = committed.newest_store;
  step->succeeded = succeeded;
}

Operation atomic_operation(const Thread& self, OperationKind kind, Address address,
                           std::uint8_t size, MemoryOrder order, ProgramCounter pc) {
  return {.thread = self.id,
          .kind = kind,
          .order = order,
          .size = size,
          .object = address,
          .pc = pc};
}

// libstdc++ counts the waiters of atomic::wait in a table of its own, with orders that
// are too weak: by the standard's letter a notify may miss a waiter. That is not the
// program's mistake, so the table is taken as sequentially consistent, and its accesses
// are no places to switch threads.
bool is_waiter_table(Address address) {
  return libstdcxx_waiter_table != nullptr &&
         address - reinterpret_cast<Address>(libstdcxx_waiter_table) <
             sizeof libstdcxx_waiter_table;
}

// Counts it, lets others go first, and makes sure that the memory is still there.
void arrive(Thread& self, const Operation& operation) {
  if (is_waiter_table(operation.object)) return;
  ++self.counts.atomics;
  note_work(self, Work::kAtomic, operation.pc);
  if (operation.kind == OperationKind::kAtomicUpdate ||
      operation.kind == OperationKind::kAtomicCompareExchange) {
    ++self.counts.updates;
    note_work(self, Work::kUpdate, operation.pc);
  }
  scheduler().point(self, operation);
  check_alive(self, operation, may_write(operation.kind), true);
}

// A thread that goes around in circles gets the newest value in the end: stores arrive in
// finite time.
bool must_see_newest(Thread& self, const Operation& operation) {
  if (is_waiter_table(operation.object)) return true;
  if (!scheduler().repeats(self, operation)) {
    self.looks_again = 0;
    return false;
  }
  ++self.counts.spins;
  note_work(self, Work::kSpin, operation.pc);
  ++self.looks_again;
  return scheduler().spins(self, operation);
}

}  // namespace

Value load(Thread& self, Address address, std::uint8_t size, MemoryOrder order,
           ProgramCounter pc) {
  const Operation operation =
      atomic_operation(self, OperationKind::kAtomicLoad, address, size, order, pc);
  const bool newest = must_see_newest(self, operation);
  arrive(self, operation);
  const auto stores = engine().memory().load_choices(
      tracer().coming_site(self, pc), address, size, order, held_at(address, size));
  const Committed committed =
      engine().memory().commit_load(newest ? 0 : choose_store(stores, operation));
  conclude(self, operation, committed, true, true);
  return committed.read;
}

void store(Thread& self, Address address, std::uint8_t size, MemoryOrder order,
           Value value, ProgramCounter pc) {
  const Operation operation =
      atomic_operation(self, OperationKind::kAtomicStore, address, size, order, pc);
  arrive(self, operation);
  const std::size_t places = engine().memory().store_choices(
      tracer().coming_site(self, pc), address, size, order, held_at(address, size));
  const Committed committed =
      engine().memory().commit_store(choose_place(places, operation), value);
  conclude(self, operation, committed, false, true);
}

Value update(Thread& self, Address address, std::uint8_t size, MemoryOrder order,
             Value (*change)(Value old, Value operand), Value operand,
             ProgramCounter pc) {
  const Operation operation =
      atomic_operation(self, OperationKind::kAtomicUpdate, address, size, order, pc);
  const bool newest = must_see_newest(self, operation);
  arrive(self, operation);
  const auto stores = engine().memory().update_choices(
      tracer().coming_site(self, pc), address, size, order, held_at(address, size));
  const std::size_t choice = newest ? 0 : choose_store(stores, operation);
  Value written = change(stores[choice].value, operand);
  if (size < sizeof written.low) written.low &= (std::uint64_t{1} << (8 * size)) - 1;
  const Committed committed = engine().memory().commit_update(choice, written);
  conclude(self, operation, committed, true, true);
  return committed.read;
}

CompareResult compare_exchange(Thread& self, Address address, std::uint8_t size,
                               MemoryOrder success, MemoryOrder failure, Value expected,
                               Value desired, bool weak, ProgramCounter pc) {
  const Operation operation = atomic_operation(
      self, OperationKind::kAtomicCompareExchange, address, size, success, pc);
  const bool newest = must_see_newest(self, operation);
  arrive(self, operation);
  const auto stores = engine().memory().compare_choices(tracer().coming_site(self, pc),
                                                        address, size, success, failure,
                                                        held_at(address, size), expected);
  const std::size_t choice = newest ? 0 : choose_store(stores, operation);
  bool succeed = stores[choice].value == expected;
  if (succeed && weak && scheduler().happens_spuriously(self, operation)) succeed = false;
  const Committed committed = engine().memory().commit_compare(choice, succeed, desired);
  conclude(self, operation, committed, true, succeed);
  return {succeed, committed.read};
}

void fence(Thread& self, MemoryOrder order, ProgramCounter pc) {
  engine().memory().fence(tracer().coming_site(self, pc), order);
  tracer().performed(self, atomic_operation(self, OperationKind::kFence, 0, 0, order, pc),
                     false);
}

void forget_waiters() {
  if (libstdcxx_waiter_table == nullptr) return;
  std::memset(libstdcxx_waiter_table, 0, sizeof libstdcxx_waiter_table);
}

// -- Allocation -------------------------------------------------------------------------

void* allocate(Thread& self, std::size_t size, std::size_t alignment, ProgramCounter pc) {
  ++self.counts.allocations;
  note_work(self, Work::kAllocation, pc);
  const Step* step = tracer().remark(
      self, {.thread = self.id, .kind = OperationKind::kAllocate, .pc = pc});
  void* block = engine().arena().allocate(size, alignment, self.id, tracer().step(), pc);
  if (block == nullptr) {
    engine().fail(FailureKind::kCrash, self, pc,
                  self.name + " asks for more memory than the 4 GiB that one run has");
  }
  // It counts as writing: who gets to know of the block must be ordered after it.
  if (!engine().alone()) {
    engine().memory().write(tracer().site(self, pc), reinterpret_cast<Address>(block),
                            std::min<std::uint64_t>(size, kGuardedAtFree));
  }
  if (step != nullptr) {
    Step& last = tracer().last_step();
    last.operation.object = reinterpret_cast<Address>(block);
    last.amount = size;
  }
  return block;
}

namespace {

void check_no_lock_inside(Thread& self, const Arena::Block& block, ProgramCounter pc) {
  engine().objects().locks().for_each([&](const Lock& lock) {
    if (lock.address - block.begin >= block.size || !lock.held()) return;
    engine().fail(FailureKind::kMisuse, self, pc,
                  self.name + " frees a mutex that is locked");
  });
}

}  // namespace

void release(Thread& self, void* pointer, ProgramCounter pc) {
  const auto address = reinterpret_cast<Address>(pointer);
  Arena::Block* block = engine().arena().find(address);
  Step* step = tracer().remark(
      self,
      {.thread = self.id, .kind = OperationKind::kRelease, .object = address, .pc = pc});
  if (block == nullptr || block->begin != address) {
    engine().fail(FailureKind::kMisuse, self, pc,
                  self.name + " frees an address that is not the start of a block");
  }
  if (!block->live) {
    Failure failure;
    failure.kind = FailureKind::kDoubleFree;
    failure.thread = self.id;
    failure.step = tracer().step();
    failure.pc = pc;
    failure.block = described(*block);
    failure.message = self.name + " frees memory that was freed before";
    engine().fail(std::move(failure));
  }
  if (step != nullptr) step->amount = block->size;
  check_no_lock_inside(self, *block, pc);
  if (!engine().alone()) {
    const Race* race = engine().memory().write(tracer().site(self, pc), address,
                                               std::min(block->size, kGuardedAtFree));
    if (race != nullptr) fail_race(self, *race);
  }
  engine().arena().release(*block, tracer().step());
}

}  // namespace interleave
