#include "interleave/memory/memory_model.hpp"

#include "interleave/memory/clock_rows.hpp"
#include "interleave/memory/histories.hpp"
#include "interleave/memory/race_detector.hpp"
#include "interleave/memory/seq_cst_order.hpp"
#include "interleave/memory/shadow_pages.hpp"
#include "interleave/memory/sync_objects.hpp"

namespace interleave {

struct ThreadClocks {
  Row clock = kZeroRow;               // what happens before its next operation
  Row unacquired = kZeroRow;          // what an acquire fence would add
  Row release_fence = kZeroRow;       // its clock at its last release fence
  Row elsewhere = kZeroRow;           // its clock when it came to the location it is at
  std::uint32_t location = kNoIndex;  // of its last operation, if that was an atomic
  std::uint32_t operations = 0;       // atomic ones
  std::uint32_t handovers = 0;        // acquisitions and releases of objects
  bool joined = false;
};
constexpr std::uint32_t kThreadRows = 4;

// How an atomic operation treats what it reads and what it writes.
struct Manner {
  MemoryOrder order = MemoryOrder::kSeqCst;
  bool writes = false;
};

class MemoryModel::State {
 public:
  State(MemoryMode mode, std::size_t tidy_after)
      : weak_(mode != MemoryMode::kSequential),
        rule_(mode == MemoryMode::kWeak ? Rule::kStandard : Rule::kPaper),
        tidy_after_(tidy_after) {
    begin();
  }

  void begin();
  void create(ThreadId creator, ThreadId created);
  void join(ThreadId joiner, ThreadId ended);
  void release(ThreadId thread, Address object, bool keep);
  void acquire(ThreadId thread, Address object);

  const Race* plain(const Site& site, AccessKind kind, Address address,
                    std::uint64_t size);
  [[gnu::noinline]] const Race* plain_in_general(const Site& site, AccessKind kind,
                                                 Address address, std::uint64_t size);
  void reset(Address address, std::uint64_t size);

  void start(const Site& site, Address address, std::uint8_t size, Value held);
  std::span<const StoreChoice> readable(Manner manner);
  std::span<const StoreChoice> comparable(MemoryOrder success, MemoryOrder failure,
                                          Value expected);
  std::size_t places(MemoryOrder order);
  Committed read(std::size_t choice);
  Committed store(std::size_t choice, Value value);
  Committed update(std::size_t choice, Value value);
  Committed compare(std::size_t choice, bool succeed, Value value);
  void fence(const Site& site, MemoryOrder order);
  [[nodiscard]] std::uint64_t hash() { return reads_hash_ + histories_.hash(); }

 private:
  void add_thread();
  [[nodiscard]] Time* clock(ThreadId thread) { return clocks_[threads_[thread].clock]; }
  [[nodiscard]] Time now(ThreadId thread) { return clock(thread)[thread]; }
  void tick(ThreadId thread) { ++clock(thread)[thread]; }
  void leave(ThreadId thread) {
    if (threads_[thread].location != kNoIndex) leave_location(thread);
  }
  void leave_location(ThreadId thread);
  void enter(ThreadId thread, std::uint32_t location);
  [[nodiscard]] EventId name_handover(ThreadId thread);

  [[nodiscard]] AtomicLocation& here() { return histories_.at(location_); }
  [[nodiscard]] OrderedAccess ordered(Manner manner, const Store* read,
                                      std::size_t place);
  [[nodiscard]] bool allowed(Manner manner, std::size_t position);
  void offer(std::size_t position);
  void gather_targets(std::size_t from);

  [[nodiscard]] Committed begin_commit();
  [[nodiscard]] const Race* race(AccessKind kind);
  void learn(MemoryOrder order, const Store& read);
  Committed finish_read(std::size_t position, MemoryOrder order);
  Committed finish_write(std::size_t position, Manner manner, Value value,
                         const Store* read, Committed committed);
  void write_message(Store& written, MemoryOrder order, const Store* read);
  void forget_old_stores(AtomicLocation& location);
  [[nodiscard]] bool carries_order(const AtomicLocation& location, std::size_t stores);

  const bool weak_;
  const Rule rule_;
  const std::size_t tidy_after_;
  ClockRows clocks_;
  ShadowPages pages_;
  RaceDetector races_{pages_};
  Histories histories_{clocks_, pages_};
  SeqCstOrder order_{clocks_, histories_, rule_};
  SyncObjects objects_;
  std::vector<ThreadClocks> threads_;
  std::uint64_t reads_hash_ = 0;

  // The operation between its choices and its commit.
  Site site_;
  std::uint32_t location_ = kNoIndex;
  Manner manner_;
  MemoryOrder failure_ = MemoryOrder::kSeqCst;
  struct Position {
    std::size_t value;
  };
  std::vector<Position> positions_;  // of each choice, in modification order
  std::vector<StoreChoice> choices_;
};

// -- Threads and objects ---------------------------------------------------------------

void MemoryModel::State::begin() {
  clocks_.clear();
  pages_.begin();
  races_.begin();
  histories_.begin();
  order_.begin();
  objects_.begin();
  threads_.clear();
  reads_hash_ = 0;
  add_thread();
}

void MemoryModel::State::add_thread() {
  const auto thread = static_cast<ThreadId>(threads_.size());
  clocks_.set_threads(thread + 1);
  ThreadClocks& added = threads_.emplace_back();
  added.clock = clocks_.allocate(kThreadRows);
  added.unacquired = added.clock + 1;
  added.release_fence = added.clock + 2;
  added.elsewhere = added.clock + 3;
  tick(thread);
}

void MemoryModel::State::create(ThreadId creator, ThreadId created) {
  leave(creator);
  while (threads_.size() <= created) {
    add_thread();
    order_.thread_added();
  }
  clocks_.join(threads_[created].clock, threads_[creator].clock);
  tick(creator);
}

void MemoryModel::State::join(ThreadId joiner, ThreadId ended) {
  leave(joiner);
  clocks_.join(threads_[joiner].clock, threads_[ended].clock);
  threads_[ended].joined = true;
}

EventId MemoryModel::State::name_handover(ThreadId thread) {
  return mixed(mixed(thread, 2), ++threads_[thread].handovers);
}

void MemoryModel::State::release(ThreadId thread, Address object, bool keep) {
  leave(thread);
  SyncObject& released = objects_.at(object, clocks_);
  if (keep) {
    clocks_.join(released.clock, threads_[thread].clock);
    released.releases += name_handover(thread);
  } else {
    clocks_.copy(released.clock, threads_[thread].clock);
    released.releases = name_handover(thread);
  }
  tick(thread);
}

void MemoryModel::State::acquire(ThreadId thread, Address object) {
  leave(thread);
  const SyncObject& acquired = objects_.at(object, clocks_);
  clocks_.join(threads_[thread].clock, acquired.clock);
  reads_hash_ += mixed(name_handover(thread), acquired.releases);
}

// The thread does something that is not an access to the location it was at.
void MemoryModel::State::leave_location(ThreadId thread) {
  threads_[thread].location = kNoIndex;
  if (weak_) order_.leave(thread, now(thread));
}

void MemoryModel::State::enter(ThreadId thread, std::uint32_t location) {
  ThreadClocks& entering = threads_[thread];
  if (entering.location == location && rule_ == Rule::kPaper) return;
  leave(thread);
  entering.location = location;
  if (weak_ && rule_ == Rule::kPaper) clocks_.copy(entering.elsewhere, entering.clock);
}

// -- Plain memory -----------------------------------------------------------------------

// Nearly every access is an easy one: it touches no atomic, races with nothing, and is dealt
// with here, without a call.
const Race* MemoryModel::State::plain(const Site& site, AccessKind kind, Address address,
                                      std::uint64_t size) {
  const ThreadClocks& thread = threads_[site.thread];
  Cell* const cell = pages_.recent_cell(address);
  const bool easy = thread.location == kNoIndex && cell != nullptr &&
                    (kind == AccessKind::kPlainRead || cell->location == kNoIndex);
  if (easy &&
      races_.access_cell_again(*cell, site, kind, address, size, clocks_[thread.clock])) {
    return nullptr;
  }
  return plain_in_general(site, kind, address, size);
}

const Race* MemoryModel::State::plain_in_general(const Site& site, AccessKind kind,
                                                 Address address, std::uint64_t size) {
  leave(site.thread);
  const bool writes = kind == AccessKind::kPlainWrite;
  if (writes && histories_.count() != 0) histories_.replace(address, size);
  return races_.access(site, kind, address, size, clock(site.thread));
}

void MemoryModel::State::reset(Address address, std::uint64_t size) {
  const Address end = address + size;
  pages_.for_each_touched(address, size, [&](Cell& cell, Address at) {
    races_.forget(cell, at, address, end);
    histories_.forget(cell, at, address, end);
  });
}

// -- What an atomic operation may do ----------------------------------------------------

void MemoryModel::State::start(const Site& site, Address address, std::uint8_t size,
                               Value held) {
  site_ = site;
  location_ = histories_.locate(address, size, truncated(held, size));
  enter(site.thread, location_);
  positions_.clear();
  choices_.clear();
}

void MemoryModel::State::offer(std::size_t position) {
  const Store& store = histories_.store(here(), position);
  positions_.push_back(Position{position});
  choices_.push_back(StoreChoice{store.value, store.step, store.thread});
}

OrderedAccess MemoryModel::State::ordered(Manner manner, const Store* read,
                                          std::size_t place) {
  const ThreadClocks& thread = threads_[site_.thread];
  OrderedAccess access;
  access.thread = site_.thread;
  access.sequential = manner.order == MemoryOrder::kSeqCst;
  access.clock = thread.clock;
  if (read != nullptr && acquires(manner.order)) access.learns = read->message();
  access.elsewhere = rule_ == Rule::kPaper ? thread.elsewhere : thread.clock;
  access.location = &here();
  access.place = place;
  access.last = place == here().order.size();
  return access;
}

// Whether the store at `position`, not the newest, may be read in this manner. The
// targets are those of the stores behind it.
bool MemoryModel::State::allowed(Manner manner, std::size_t position) {
  AtomicLocation& location = here();
  if (manner.writes && histories_.store(location, position + 1).update) return false;
  const std::size_t place = manner.writes ? position + 1 : kReadsOnly;
  OrderedAccess access = ordered(manner, &histories_.store(location, position), place);
  access.seen = position;
  return order_.consistent(access);
}

std::span<const StoreChoice> MemoryModel::State::readable(Manner manner) {
  manner_ = manner;
  const std::size_t newest = here().order.size() - 1;
  offer(newest);
  if (!weak_ || newest == 0) return choices_;
  const std::size_t oldest = histories_.oldest_readable(here(), clock(site_.thread));
  order_.forget_targets();
  for (std::size_t position = newest; position-- > oldest;) {
    order_.add_targets(histories_.store(here(), position + 1));
    if (allowed(manner, position)) offer(position);
  }
  return choices_;
}

std::span<const StoreChoice> MemoryModel::State::comparable(MemoryOrder success,
                                                            MemoryOrder failure,
                                                            Value expected) {
  const Manner succeeding{success, true};
  const Manner failing{failure, false};
  manner_ = succeeding;
  failure_ = failure;
  const Value wanted = truncated(expected, here().size);
  const std::size_t newest = here().order.size() - 1;
  offer(newest);
  if (!weak_ || newest == 0) return choices_;
  const std::size_t oldest = histories_.oldest_readable(here(), clock(site_.thread));
  order_.forget_targets();
  for (std::size_t position = newest; position-- > oldest;) {
    order_.add_targets(histories_.store(here(), position + 1));
    const bool equal = histories_.store(here(), position).value == wanted;
    // A weak compare-exchange may also fail where it could succeed. That is allowed too
    // unless its failure is seq_cst and its success is not.
    const bool both = failure == MemoryOrder::kSeqCst && success != failure;
    const bool may_succeed = equal && allowed(succeeding, position);
    const bool may_fail = (!equal || both) && allowed(failing, position);
    if (equal ? may_succeed && (!both || may_fail) : may_fail) offer(position);
  }
  return choices_;
}

std::size_t MemoryModel::State::places(MemoryOrder order) {
  manner_ = Manner{order, true};
  const std::size_t stores = here().order.size();
  positions_.push_back(Position{stores});
  if (!weak_ || stores == 1) return 1;
  const std::size_t oldest = histories_.oldest_readable(here(), clock(site_.thread));
  order_.forget_targets();
  for (std::size_t place = stores; --place > oldest;) {
    const Store& next = histories_.store(here(), place);
    order_.add_targets(next);
    if (next.update || !order_.consistent(ordered(manner_, nullptr, place))) continue;
    positions_.push_back(Position{place});
  }
  return positions_.size();
}

// -- Doing it ---------------------------------------------------------------------------

// The stores from `from` on come later than the access in modification order.
void MemoryModel::State::gather_targets(std::size_t from) {
  order_.forget_targets();
  for (std::size_t position = from; position < here().order.size(); ++position) {
    order_.add_targets(histories_.store(here(), position));
  }
}

Committed MemoryModel::State::begin_commit() {
  ++threads_[site_.thread].operations;
  Committed committed;
  committed.newest_store = histories_.store(here(), here().order.size() - 1).step;
  return committed;
}

// After the thread learned from what it read: that orders the access itself, too.
const Race* MemoryModel::State::race(AccessKind kind) {
  return races_.access(site_, kind, here().address, here().size, clock(site_.thread));
}

void MemoryModel::State::learn(MemoryOrder order, const Store& read) {
  const ThreadClocks& thread = threads_[site_.thread];
  clocks_.join(acquires(order) ? thread.clock : thread.unacquired, read.message());
}

Committed MemoryModel::State::finish_read(std::size_t position, MemoryOrder order) {
  Committed committed = begin_commit();
  Store& store = histories_.store(here(), position);
  committed.read = store.value;
  committed.reads_from = store.step;
  const bool sequential = order == MemoryOrder::kSeqCst;
  if (weak_) {
    Time& first_read = clocks_[store.first_read()][site_.thread];
    if (first_read == 0) first_read = now(site_.thread);
    if (order_.needs(sequential)) {
      gather_targets(position + 1);
      OrderedAccess access = ordered(Manner{order, false}, &store, kReadsOnly);
      access.seen = position;
      order_.perform(access, now(site_.thread), store);
    }
  }
  learn(order, store);
  committed.race = race(AccessKind::kAtomicRead);
  const EventId id = mixed(site_.thread, threads_[site_.thread].operations);
  reads_hash_ += mixed(id, store.id);
  return committed;
}

// `read` is the store that an update reads: the one before `position`.
Committed MemoryModel::State::finish_write(std::size_t position, Manner manner,
                                           Value value, const Store* read,
                                           Committed committed) {
  AtomicLocation& location = here();
  const ThreadId thread = site_.thread;
  const OrderedAccess access = ordered(manner, read, position);
  const bool must_order = weak_ && order_.needs(manner.order == MemoryOrder::kSeqCst);
  if (must_order) gather_targets(position);
  const Time time = now(thread);
  if (read != nullptr) learn(manner.order, *read);
  committed.race = race(AccessKind::kAtomicWrite);

  Store& written = histories_.insert(location, position);
  written.thread = thread;
  written.time = time;
  written.step = site_.step;
  written.update = read != nullptr;
  written.value = truncated(value, location.size);
  written.id = mixed(thread, threads_[thread].operations);
  const Store& before = histories_.store(location, position - 1);
  write_message(written, manner.order, read == nullptr ? nullptr : &before);
  if (must_order) order_.perform(access, time, written);

  committed.wrote = true;
  committed.written = written.value;
  committed.newest = position + 1 == location.order.size();
  committed.changed = written.value != before.value;
  if (releases(manner.order)) tick(thread);
  forget_old_stores(location);
  return committed;
}

// Release sequences are those of C++20: an update carries on what it read; a plain store
// of the same thread does not.
void MemoryModel::State::write_message(Store& written, MemoryOrder order,
                                       const Store* read) {
  const ThreadClocks& thread = threads_[site_.thread];
  clocks_.copy(written.message(), releases(order) ? thread.clock : thread.release_fence);
  if (read != nullptr) clocks_.join(written.message(), read->message());
}

Committed MemoryModel::State::read(std::size_t choice) {
  return finish_read(positions_[choice].value, manner_.order);
}

Committed MemoryModel::State::store(std::size_t choice, Value value) {
  return finish_write(positions_[choice].value, manner_, value, nullptr, begin_commit());
}

Committed MemoryModel::State::update(std::size_t choice, Value value) {
  const std::size_t position = positions_[choice].value;
  const Store& read = histories_.store(here(), position);
  Committed committed = begin_commit();
  committed.read = read.value;
  committed.reads_from = read.step;
  const EventId id = mixed(site_.thread, threads_[site_.thread].operations);
  reads_hash_ += mixed(id, read.id);
  return finish_write(position + 1, manner_, value, &read, committed);
}

Committed MemoryModel::State::compare(std::size_t choice, bool succeed, Value value) {
  return succeed ? update(choice, value)
                 : finish_read(positions_[choice].value, failure_);
}

void MemoryModel::State::fence(const Site& site, MemoryOrder order) {
  if (order == MemoryOrder::kRelaxed) return;
  leave(site.thread);
  const ThreadClocks& thread = threads_[site.thread];
  if (acquires(order)) clocks_.join(thread.clock, thread.unacquired);
  if (weak_ && order == MemoryOrder::kSeqCst) {
    order_.fence(site.thread, thread.clock, now(site.thread));
  }
  if (releases(order)) {
    clocks_.copy(thread.release_fence, thread.clock);
    tick(site.thread);
  }
}

// -- Bounded histories ------------------------------------------------------------------

// Drops the stores that no thread, now or to come, may read or store before. A location
// that is never long is never looked at.
void MemoryModel::State::forget_old_stores(AtomicLocation& location) {
  if (!weak_) {
    histories_.drop(location, location.order.size() - 1);
    return;
  }
  if (location.order.size() < location.tidy_at + tidy_after_) return;
  std::size_t readable = location.order.size() - 1;
  std::size_t known = readable;
  for (const ThreadClocks& thread : threads_) {
    if (thread.joined) continue;
    const Time* knows = clocks_[thread.clock];
    const std::size_t thread_reads = histories_.oldest_readable(location, knows);
    const std::size_t thread_knows = histories_.newest_known(location, knows);
    if (thread_reads < readable) readable = thread_reads;
    if (thread_knows < known) known = thread_knows;
  }
  histories_.drop(location, carries_order(location, readable) ? known : readable);
  // What could not be dropped is not looked at again before there is much more.
  const std::size_t left = location.order.size();
  location.tidy_at = left + tidy_after_ * (left / 8);
}

// Whether seq_cst operations, or fences before them, touched one of the first `stores`.
// What comes after such a store may depend on who knows of it, not only on who read it.
bool MemoryModel::State::carries_order(const AtomicLocation& location,
                                       std::size_t stores) {
  for (std::size_t position = 0; position < stores; ++position) {
    const Store& store = histories_.store(location, position);
    if (store.sequential != 0 || !clocks_.is_zero(store.readers()) ||
        !clocks_.is_zero(store.fences()) || !clocks_.is_zero(store.readers_fences())) {
      return true;
    }
  }
  return false;
}

// -- The interface ----------------------------------------------------------------------

MemoryModel::MemoryModel(MemoryMode mode, std::size_t tidy_after)
    : state_(std::make_unique<State>(mode, tidy_after)) {}
MemoryModel::~MemoryModel() = default;

void MemoryModel::begin_execution() { state_->begin(); }

void MemoryModel::thread_created(ThreadId creator, ThreadId created) {
  state_->create(creator, created);
}
void MemoryModel::thread_joined(ThreadId joiner, ThreadId ended) {
  state_->join(joiner, ended);
}
void MemoryModel::release_to(ThreadId thread, Address object) {
  state_->release(thread, object, false);
}
void MemoryModel::merge_to(ThreadId thread, Address object) {
  state_->release(thread, object, true);
}
void MemoryModel::acquire_from(ThreadId thread, Address object) {
  state_->acquire(thread, object);
}

const Race* MemoryModel::read(const Site& site, Address address, std::uint64_t size) {
  return state_->plain(site, AccessKind::kPlainRead, address, size);
}
const Race* MemoryModel::write(const Site& site, Address address, std::uint64_t size) {
  return state_->plain(site, AccessKind::kPlainWrite, address, size);
}
void MemoryModel::reset(Address address, std::uint64_t size) {
  state_->reset(address, size);
}

std::span<const StoreChoice> MemoryModel::load_choices(const Site& site, Address address,
                                                       std::uint8_t size,
                                                       MemoryOrder order, Value held) {
  state_->start(site, address, size, held);
  return state_->readable(Manner{order, false});
}
Committed MemoryModel::commit_load(std::size_t choice) { return state_->read(choice); }

std::size_t MemoryModel::store_choices(const Site& site, Address address,
                                       std::uint8_t size, MemoryOrder order, Value held) {
  state_->start(site, address, size, held);
  return state_->places(order);
}
Committed MemoryModel::commit_store(std::size_t choice, Value value) {
  return state_->store(choice, value);
}

std::span<const StoreChoice> MemoryModel::update_choices(const Site& site,
                                                         Address address,
                                                         std::uint8_t size,
                                                         MemoryOrder order, Value held) {
  state_->start(site, address, size, held);
  return state_->readable(Manner{order, true});
}
Committed MemoryModel::commit_update(std::size_t choice, Value value) {
  return state_->update(choice, value);
}

std::span<const StoreChoice> MemoryModel::compare_choices(
    const Site& site, Address address, std::uint8_t size, MemoryOrder success,
    MemoryOrder failure, Value held, Value expected) {
  state_->start(site, address, size, held);
  return state_->comparable(success, failure, expected);
}
Committed MemoryModel::commit_compare(std::size_t choice, bool succeed, Value value) {
  return state_->compare(choice, succeed, value);
}

void MemoryModel::fence(const Site& site, MemoryOrder order) {
  state_->fence(site, order);
}

std::uint64_t MemoryModel::execution_hash() const { return state_->hash(); }

}  // namespace interleave
