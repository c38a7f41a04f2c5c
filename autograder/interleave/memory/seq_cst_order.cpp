#include "interleave/memory/seq_cst_order.hpp"

namespace interleave {
namespace {

void raise_to(Time& value, Time bound) {
  if (bound > value) value = bound;
}
void lower_to(Time& value, Time bound) {
  if (bound < value) value = bound;
}

}  // namespace

void SeqCstOrder::begin() {
  used_threads_ = 0;
  any_fence_ = any_target_ = false;
  clock_ = clocks_.allocate(7);
  fences_ = clock_ + 1;
  direct_ = clock_ + 2;
  fences_past_ = clock_ + 3;
  past_ = clock_ + 4;
  targets_ = clock_ + 5;
  fence_targets_ = clock_ + 6;
  thread_added();
}

void SeqCstOrder::thread_added() {
  if (++used_threads_ > threads_.size()) threads_.emplace_back();
  Thread& thread = threads_[used_threads_ - 1];
  thread.nodes.assign(1, Node{});
  thread.fences.clear();
  thread.departed = 0;
}

void SeqCstOrder::leave(ThreadId thread, Time now) {
  Thread& leaving = threads_[thread];
  const auto last = static_cast<std::uint32_t>(leaving.nodes.size() - 1);
  while (leaving.departed < last) leaving.nodes[++leaving.departed].left = now;
}

// -- Targets ---------------------------------------------------------------------------

void SeqCstOrder::blank_targets() {
  blank_ = true;
  for (ThreadId thread = 0; thread < used_threads_; ++thread) {
    clocks_[targets_][thread] = kNever;
    clocks_[fence_targets_][thread] = kNever;
  }
}

void SeqCstOrder::add_targets(const Store& later) {
  if (!blank_) blank_targets();
  Time* targets = clocks_[targets_];
  if (later.sequential != 0) {
    lower_to(targets[later.thread], later.sequential);
    any_target_ = true;
  }
  if (rule_ == Rule::kStandard) add_readers(later);
  if (!any_fence_) return;
  Time* fence_targets = clocks_[fence_targets_];
  for (ThreadId thread = 0; thread < used_threads_; ++thread) {
    const Thread& other = threads_[thread];
    if (other.fences.empty()) continue;
    const Time by_store = first_fence_after(other, later.thread, later.time);
    const Time by_reader = first_fence_after_reader(other, later);
    lower_to(targets[thread], by_store);
    if (rule_ == Rule::kStandard) lower_to(targets[thread], by_reader);
    lower_to(fence_targets[thread], by_reader);
    any_target_ = any_target_ || by_store != kNever || by_reader != kNever;
  }
}

// mo;rf and rb;rf.
void SeqCstOrder::add_readers(const Store& later) {
  const Time* readers = clocks_[later.first_readers()];
  Time* targets = clocks_[targets_];
  for (ThreadId thread = 0; thread < used_threads_; ++thread) {
    if (readers[thread] == 0) continue;
    lower_to(targets[thread], readers[thread]);
    any_target_ = true;
  }
}

std::uint32_t SeqCstOrder::first_fence_after(const Thread& thread, ThreadId storer,
                                             Time time) const {
  std::uint32_t first = kNever;
  for (std::size_t index = thread.fences.size(); index > 0; --index) {
    const std::uint32_t node = thread.fences[index - 1].node;
    if (clocks_[thread.nodes[node].knowledge][storer] < time) break;
    first = node;
  }
  return first;
}

std::uint32_t SeqCstOrder::first_fence_after_reader(const Thread& thread,
                                                    const Store& store) const {
  const Time* first_read = clocks_[store.first_read()];
  std::uint32_t first = kNever;
  for (ThreadId reader = 0; reader < used_threads_; ++reader) {
    if (first_read[reader] == 0) continue;
    lower_to(first, first_fence_after(thread, reader, first_read[reader]));
  }
  return first;
}

// -- Sources ---------------------------------------------------------------------------

// The last node of the thread that it had left, for another location, by `known`.
std::uint32_t SeqCstOrder::last_left(const Thread& thread, Time known) const {
  std::uint32_t low = 0;
  auto high = static_cast<std::uint32_t>(thread.nodes.size() - 1);
  while (low < high) {
    const std::uint32_t middle = high - (high - low) / 2;
    if (thread.nodes[middle].left <= known) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

std::uint32_t SeqCstOrder::last_timed(const Thread& thread, Time known) const {
  std::uint32_t low = 0;
  auto high = static_cast<std::uint32_t>(thread.nodes.size() - 1);
  while (low < high) {
    const std::uint32_t middle = high - (high - low) / 2;
    if (thread.nodes[middle].time <= known) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

// The last fence of each thread that happens before the operation that knows `known`.
void SeqCstOrder::gather_fences(Row into, Row known) {
  for (ThreadId thread = 0; thread < used_threads_; ++thread) {
    const Thread& other = threads_[thread];
    std::size_t count = other.fences.size();
    while (count > 0 &&
           other.nodes[other.fences[count - 1].node].time > clocks_[known][thread]) {
      --count;
    }
    clocks_[into][thread] = count == 0 ? 0 : other.fences[count - 1].node;
  }
}

// sb, sb≠loc;hb;sb≠loc and hb|loc, from seq_cst accesses.
void SeqCstOrder::gather_synchronised(const OrderedAccess& access) {
  Time* direct = clocks_[direct_];
  const Time* elsewhere = clocks_[access.elsewhere];
  const Time* here = clocks_[access.location->sequential()];
  const Time* known = clocks_[clock_];
  for (ThreadId thread = 0; thread < used_threads_; ++thread) {
    const Thread& other = threads_[thread];
    if (thread == access.thread) {
      direct[thread] = static_cast<Time>(other.nodes.size() - 1);
      continue;
    }
    raise_to(direct[thread], last_left(other, elsewhere[thread]));
    std::uint32_t node = here[thread];
    while (node > direct[thread] && other.nodes[node].time > known[thread]) {
      node = other.nodes[node].previous_here;
    }
    raise_to(direct[thread], node);
  }
}

// mo and rb into a seq_cst access that writes.
void SeqCstOrder::gather_overwritten(const OrderedAccess& access) {
  AtomicLocation& location = *access.location;
  if (access.last) {
    clocks_.join(direct_, location.sequential());
    clocks_.join(direct_, location.fences());
  } else {
    gather_before(location, access.place, direct_);
  }
}

// The sources of every store before `place` and of every read of one of them.
void SeqCstOrder::gather_before(AtomicLocation& location, std::size_t place, Row into) {
  clocks_.join(into, location.dropped_sequential());
  clocks_.join(into, location.dropped_fences());
  for (std::size_t position = 0; position < place; ++position) {
    const Store& store = histories_.store(location, position);
    if (store.sequential != 0) raise_to(clocks_[into][store.thread], store.sequential);
    clocks_.join(into, store.fences());
    clocks_.join(into, store.readers());
    clocks_.join(into, store.readers_fences());
  }
}

// The same, and of the store at `place`.
void SeqCstOrder::gather_up_to(AtomicLocation& location, std::size_t place, Row into) {
  gather_before(location, place, into);
  const Store& store = histories_.store(location, place);
  if (store.sequential != 0) raise_to(clocks_[into][store.thread], store.sequential);
  clocks_.join(into, store.fences());
}

// `into` = the nodes in `direct` and everything before them.
void SeqCstOrder::close(Row into, Row direct) {
  clocks_.copy(into, direct);
  for (ThreadId thread = 0; thread < used_threads_; ++thread) {
    const Time node = clocks_[direct][thread];
    if (node != 0) clocks_.join(into, threads_[thread].nodes[node].past);
  }
}

void SeqCstOrder::evaluate(const OrderedAccess& access) {
  clocks_.copy(clock_, access.clock);
  clocks_.join(clock_, access.learns);
  if (any_fence_) {
    gather_fences(fences_, clock_);
    close(fences_past_, fences_);
  }
  if (access.sequential) {
    clocks_.copy(direct_, fences_);
    gather_synchronised(access);
    if (access.place != kReadsOnly) {
      gather_overwritten(access);
    } else if (rule_ == Rule::kStandard) {
      gather_up_to(*access.location, access.seen, direct_);
    }
    close(past_, direct_);
  } else {
    clocks_.copy(past_, fences_past_);
  }
}

bool SeqCstOrder::consistent(const OrderedAccess& access) {
  if (!any_target_) return true;
  evaluate(access);
  for (ThreadId thread = 0; thread < used_threads_; ++thread) {
    if (clocks_[past_][thread] >= clocks_[targets_][thread]) return false;
    if (clocks_[fences_past_][thread] >= clocks_[fence_targets_][thread]) return false;
  }
  return true;
}

// -- Performing -------------------------------------------------------------------------

std::uint32_t SeqCstOrder::add_node(ThreadId thread, Time now, Row past) {
  Node node;
  node.time = now;
  node.past = clocks_.allocate();
  clocks_.copy(node.past, past);
  threads_[thread].nodes.push_back(node);
  return static_cast<std::uint32_t>(threads_[thread].nodes.size() - 1);
}

// Everything in `past` comes before the nodes from targets[thread] on, in each thread,
// and so before whatever comes after those.
void SeqCstOrder::raise(Row targets, Row past) {
  for (ThreadId target = 0; target < used_threads_; ++target) {
    const Time first = clocks_[targets][target];
    if (first == kNever) continue;
    for (ThreadId thread = 0; thread < used_threads_; ++thread) {
      const std::vector<Node>& nodes = threads_[thread].nodes;
      for (std::size_t number = nodes.size() - 1; number > 0; --number) {
        const bool is_target = thread == target && number >= first;
        if (!is_target && clocks_[nodes[number].past][target] < first) break;
        clocks_.join(nodes[number].past, past);
      }
    }
  }
}

void SeqCstOrder::perform(const OrderedAccess& access, Time now, Store& accessed) {
  evaluate(access);
  AtomicLocation& location = *access.location;
  const bool writes = access.place != kReadsOnly;
  if (access.sequential) {
    const std::uint32_t number = add_node(access.thread, now, past_);
    clocks_[past_][access.thread] = number;
    Time& here = clocks_[location.sequential()][access.thread];
    threads_[access.thread].nodes[number].previous_here = here;
    here = number;
    if (writes) {
      accessed.sequential = number;
    } else {
      clocks_[accessed.readers()][access.thread] = number;
      Time& first = clocks_[accessed.first_readers()][access.thread];
      if (first == 0) first = number;
    }
  }
  if (any_fence_) {
    clocks_.join(writes ? accessed.fences() : accessed.readers_fences(), fences_);
    clocks_.join(location.fences(), fences_);
  }
  if (!any_target_) return;
  raise(targets_, past_);
  raise(fence_targets_, fences_past_);
}

// What a fence that knows `known` comes after because of the stores to `location`.
void SeqCstOrder::gather_known(AtomicLocation& location, Row known) {
  if (location.order.empty()) return;
  const std::size_t stored = histories_.newest_known(location, clocks_[known]);
  const std::size_t seen = histories_.oldest_readable(location, clocks_[known]);
  if (rule_ == Rule::kStandard) return gather_up_to(location, seen, direct_);
  gather_before(location, stored, direct_);
  for (std::size_t position = stored; position < seen; ++position) {
    const Store& store = histories_.store(location, position);
    clocks_.join(direct_, store.fences());
    clocks_.join(direct_, store.readers_fences());
  }
  clocks_.join(direct_, histories_.store(location, seen).fences());
}

void SeqCstOrder::fence(ThreadId thread, Row clock, Time now) {
  clocks_.copy(direct_, kZeroRow);
  for (ThreadId other = 0; other < used_threads_; ++other) {
    clocks_[direct_][other] = last_timed(threads_[other], clocks_[clock][other]);
  }
  for (std::uint32_t index = 0; index < histories_.count(); ++index) {
    gather_known(histories_.at(index), clock);
  }
  close(past_, direct_);
  const std::uint32_t number = add_node(thread, now, past_);
  Thread& fencing = threads_[thread];
  fencing.nodes[number].left = now;
  fencing.departed = number;
  fencing.nodes[number].knowledge = clocks_.allocate();
  clocks_.copy(fencing.nodes[number].knowledge, clock);
  fencing.fences.push_back(Fence{number});
  any_fence_ = true;
}

}  // namespace interleave
