#include "simulated_program.hpp"

#include <algorithm>
#include <map>

#include "interleave/search/dependence.hpp"
#include "interleave/search/random.hpp"

namespace interleave::simulation {
namespace {

// Addresses of the different kinds of object, far apart.
Address location(std::uint32_t object) { return 0x1000 + 16 * Address{object}; }
Address mutex(std::uint32_t object) { return 0x2000 + 16 * Address{object}; }
Address condition(std::uint32_t object) { return 0x3000 + 16 * Address{object}; }
Address semaphore(std::uint32_t object) { return 0x4000 + 16 * Address{object}; }

using View = std::map<std::uint32_t, std::uint32_t>;  // location -> store it has seen

struct Store {
  std::uint32_t value = 0;
  ThreadId thread = kNoThread;
  bool by_update = false;  // nothing may come between it and the store before it
  View view;
};

struct Location {
  std::vector<Store> stores{Store{}};   // by number, in order of execution
  std::vector<std::uint32_t> order{0};  // numbers, in modification order
  [[nodiscard]] std::size_t place_of(std::uint32_t number) const {
    return static_cast<std::size_t>(std::find(order.begin(), order.end(), number) -
                                    order.begin());
  }
};

struct Thread {
  std::size_t next = 0;  // instruction
  bool waits = false;    // on a condition, not notified
  bool woken = false;    // notified; wants its mutex back
  View view;
  std::string read;
};

struct Event {
  Operation operation;
  bool wrote = false;
  std::uint64_t side = 0;  // what was decided beside the thread
};

std::uint64_t mixed(std::uint64_t value) { return Random(value).next(); }

class Machine {
 public:
  Machine(const Program& program, Strategy& strategy)
      : program_(program), strategy_(strategy), threads_(program.threads.size()) {}

  Schedule go() {
    strategy_.begin_schedule();
    while (step()) {
    }
    finish();
    ScheduleEnd end;
    end.decisions = static_cast<std::uint32_t>(result_.taken.size());
    end.steps = static_cast<std::uint32_t>(events_.size());
    end.failed = result_.stuck;
    end.pruned = result_.pruned;
    strategy_.end_schedule(end);
    return result_;
  }

 private:
  [[nodiscard]] bool ended(ThreadId id) const {
    return threads_[id].next >= program_.threads[id].size();
  }
  [[nodiscard]] const Instruction& next_of(ThreadId id) const {
    return program_.threads[id][threads_[id].next];
  }

  [[nodiscard]] std::uint32_t newest(std::uint32_t object) {
    const Location& place = locations_[object];
    return place.stores[place.order.back()].value;
  }

  // A load reads any store that its thread has not left behind.
  [[nodiscard]] std::vector<std::uint32_t> readable(ThreadId id, std::uint32_t object) {
    const Location& place = locations_[object];
    if (!program_.weak) return {place.order.back()};
    const std::size_t first = place.place_of(threads_[id].view[object]);
    return {place.order.rbegin(),
            place.order.rend() - static_cast<std::ptrdiff_t>(first)};
  }

  [[nodiscard]] bool can_go_on(ThreadId id) {
    if (ended(id)) return false;
    const Instruction& next = next_of(id);
    if (threads_[id].waits) return false;
    if (threads_[id].woken) return !owner_.contains(next.value);
    if (next.what == Do::kLock) return !owner_.contains(next.object);
    if (next.what == Do::kAcquire) return posts_[next.object] > 0;
    if (next.what == Do::kAwait) return newest(next.object) != 0;
    return true;
  }

  [[nodiscard]] Operation pending(ThreadId id) const;
  [[nodiscard]] std::vector<Alternative> alternatives();
  std::size_t ask(DecisionKind kind, const std::vector<Alternative>& alternatives);
  bool step();
  void perform(ThreadId id);
  void load(ThreadId id, const Instruction& next);
  void store(ThreadId id, const Instruction& next);
  void update(ThreadId id, const Instruction& next);
  std::uint32_t choose_store(ThreadId id, std::uint32_t object,
                             std::vector<std::uint32_t> candidates);
  void see(ThreadId id, std::uint32_t object, std::uint32_t number);
  void add_store(ThreadId id, std::uint32_t object, std::uint32_t value, std::size_t at,
                 bool by_update);
  void wait_on(ThreadId id, const Instruction& next);
  void notify(const Instruction& next, bool all);
  void finish();

  const Program& program_;
  Strategy& strategy_;
  std::vector<Thread> threads_;
  std::map<std::uint32_t, Location> locations_;
  std::map<std::uint32_t, ThreadId> owner_;
  std::map<std::uint32_t, std::uint32_t> posts_;
  ThreadId running_ = kNoThread;
  Event event_;
  std::vector<Event> events_;
  Schedule result_;
};

Operation Machine::pending(ThreadId id) const {
  const Instruction& next = next_of(id);
  Operation operation;
  operation.thread = id;
  operation.order = program_.weak ? MemoryOrder::kAcqRel : MemoryOrder::kSeqCst;
  const auto is = [&operation](OperationKind kind, Address object) {
    operation.kind = kind;
    operation.object = object;
  };
  switch (next.what) {
    case Do::kRead:
    case Do::kAwait:
      is(OperationKind::kAtomicLoad, location(next.object));
      break;
    case Do::kWrite:
      is(OperationKind::kAtomicStore, location(next.object));
      break;
    case Do::kAdd:
      is(OperationKind::kAtomicUpdate, location(next.object));
      break;
    case Do::kSwapIfZero:
      is(OperationKind::kAtomicCompareExchange, location(next.object));
      break;
    case Do::kLock:
      is(OperationKind::kLock, mutex(next.object));
      break;
    case Do::kUnlock:
      is(OperationKind::kUnlock, mutex(next.object));
      break;
    case Do::kTryLock:
      is(OperationKind::kTryLock, mutex(next.object));
      break;
    case Do::kConditionWait:
      is(threads_[id].woken ? OperationKind::kConditionWake
                            : OperationKind::kConditionWait,
         condition(next.object));
      operation.second_object = mutex(next.value);
      break;
    case Do::kNotifyOne:
      is(OperationKind::kNotifyOne, condition(next.object));
      break;
    case Do::kNotifyAll:
      is(OperationKind::kNotifyAll, condition(next.object));
      break;
    case Do::kPost:
      is(OperationKind::kSemaphorePost, semaphore(next.object));
      break;
    case Do::kAcquire:
      is(OperationKind::kSemaphoreWait, semaphore(next.object));
      break;
    case Do::kYield:
      is(OperationKind::kYield, 0);
      break;
  }
  if (is_atomic(operation.kind)) operation.size = 4;
  return operation;
}

// In default order: the running thread unless it yields, then the next ones round.
std::vector<Alternative> Machine::alternatives() {
  std::vector<Alternative> result;
  const auto count = static_cast<ThreadId>(threads_.size());
  const ThreadId first = running_ == kNoThread ? 0 : running_;
  for (ThreadId offset = 0; offset < count; ++offset) {
    const ThreadId id = (first + offset) % count;
    if (!can_go_on(id)) continue;
    Alternative alternative;
    alternative.thread = id;
    alternative.pending = pending(id);
    alternative.reluctant = next_of(id).what == Do::kYield;
    result.push_back(alternative);
  }
  std::stable_partition(result.begin(), result.end(),
                        [](const Alternative& one) { return !one.reluctant; });
  return result;
}

std::size_t Machine::ask(DecisionKind kind,
                         const std::vector<Alternative>& alternatives) {
  Decision decision;
  decision.kind = kind;
  decision.number = static_cast<std::uint32_t>(result_.taken.size());
  decision.running = running_;
  decision.running_can_go_on = kind == DecisionKind::kThread &&
                               alternatives[0].thread == running_ &&
                               !alternatives[0].reluctant;
  decision.alternatives = alternatives;
  const std::size_t index = strategy_.choose(decision);
  result_.taken.push_back(
      {kind, alternatives.size(), index, decision.running_can_go_on && index != 0});
  return index;
}

bool Machine::step() {
  const std::vector<Alternative> ways = alternatives();
  if (ways.empty()) return false;
  std::size_t index = 0;
  if (ways.size() > 1) index = ask(DecisionKind::kThread, ways);
  if (index == kPrune) {
    result_.pruned = true;
    return false;
  }
  running_ = ways.at(index).thread;
  event_ = {ways[index].pending, true, 0};
  perform(running_);
  strategy_.executed(event_.operation, event_.wrote);
  events_.push_back(event_);
  result_.order.push_back(running_);
  return true;
}

void Machine::see(ThreadId id, std::uint32_t object, std::uint32_t number) {
  const auto raise = [this, id](std::uint32_t place, std::uint32_t to) {
    std::uint32_t& seen = threads_[id].view[place];
    const Location& in = locations_[place];
    if (in.place_of(to) > in.place_of(seen)) seen = to;
  };
  raise(object, number);
  const View carried = locations_[object].stores[number].view;
  for (const auto& [place, to] : carried) raise(place, to);
}

std::uint32_t Machine::choose_store(ThreadId id, std::uint32_t object,
                                    std::vector<std::uint32_t> candidates) {
  std::size_t index = 0;
  if (candidates.size() > 1) {
    std::vector<Alternative> ways;
    for (const std::uint32_t number : candidates) {
      Alternative way;
      way.thread = locations_[object].stores[number].thread;
      way.pending = pending(id);
      way.store = number;
      ways.push_back(way);
    }
    index = ask(DecisionKind::kStore, ways);
  }
  const std::uint32_t chosen = candidates.at(index);
  const Store& store = locations_[object].stores[chosen];
  event_.side = mixed(store.thread) + mixed(locations_[object].place_of(chosen) + 7);
  see(id, object, chosen);
  threads_[id].read += std::to_string(store.value) + " ";
  return chosen;
}

void Machine::load(ThreadId id, const Instruction& next) {
  event_.wrote = false;
  std::vector<std::uint32_t> candidates = readable(id, next.object);
  if (next.what == Do::kAwait) {
    std::erase_if(candidates, [&](std::uint32_t number) {
      return locations_[next.object].stores[number].value == 0;
    });
  }
  choose_store(id, next.object, candidates);
}

void Machine::add_store(ThreadId id, std::uint32_t object, std::uint32_t value,
                        std::size_t at, bool by_update) {
  Location& place = locations_[object];
  const auto number = static_cast<std::uint32_t>(place.stores.size());
  place.order.insert(place.order.begin() + static_cast<std::ptrdiff_t>(at), number);
  threads_[id].view[object] = number;
  View carried = threads_[id].view;
  place.stores.push_back({value, id, by_update, carried});
}

void Machine::store(ThreadId id, const Instruction& next) {
  Location& place = locations_[next.object];
  const std::size_t last = place.order.size();
  std::vector<std::size_t> places{last};
  if (program_.weak) {
    const std::size_t seen = place.place_of(threads_[id].view[next.object]);
    for (std::size_t at = last - 1; at > seen; --at) {
      if (!place.stores[place.order[at]].by_update) places.push_back(at);
    }
  }
  std::size_t index = 0;
  if (places.size() > 1) {
    std::vector<Alternative> ways(places.size());
    for (Alternative& way : ways) way.pending = pending(id);
    index = ask(DecisionKind::kPlace, ways);
  }
  event_.side = mixed(places.at(index) + 99);
  add_store(id, next.object, next.value, places[index], false);
}

void Machine::update(ThreadId id, const Instruction& next) {
  std::vector<std::uint32_t> candidates = readable(id, next.object);
  // An update goes right behind what it reads, so what already is followed by an update
  // cannot be read by one that writes.
  const Location& place = locations_[next.object];
  std::erase_if(candidates, [&](std::uint32_t number) {
    const std::size_t behind = place.place_of(number) + 1;
    const bool writes = next.what == Do::kAdd || place.stores[number].value == 0;
    return writes && behind < place.order.size() &&
           place.stores[place.order[behind]].by_update;
  });
  const std::uint32_t source = choose_store(id, next.object, candidates);
  const std::uint32_t value = locations_[next.object].stores[source].value;
  const std::size_t behind = locations_[next.object].place_of(source) + 1;
  if (next.what == Do::kAdd) {
    add_store(id, next.object, value + 1, behind, true);
  } else if (value == 0) {
    add_store(id, next.object, next.value, behind, true);
  } else {
    event_.wrote = false;
  }
}

void Machine::wait_on(ThreadId id, const Instruction& next) {
  Thread& thread = threads_[id];
  if (thread.woken) {
    thread.woken = false;
    owner_[next.value] = id;
    ++thread.next;
  } else {
    thread.waits = true;
    owner_.erase(next.value);
  }
}

void Machine::notify(const Instruction& next, bool all) {
  std::vector<ThreadId> waiters;
  for (ThreadId id = 0; id < threads_.size(); ++id) {
    if (threads_[id].waits && next_of(id).object == next.object) waiters.push_back(id);
  }
  event_.wrote = !waiters.empty();
  if (!all && waiters.size() > 1) {
    std::vector<Alternative> ways;
    for (const ThreadId waiter : waiters) ways.push_back({waiter, {}, kNoStep, false});
    waiters = {waiters.at(ask(DecisionKind::kWaiter, ways))};
    event_.side = mixed(waiters[0]);
  }
  for (const ThreadId waiter : waiters) {
    threads_[waiter].waits = false;
    threads_[waiter].woken = true;
  }
}

void Machine::perform(ThreadId id) {
  const Instruction next = next_of(id);
  switch (next.what) {
    case Do::kRead:
    case Do::kAwait:
      load(id, next);
      break;
    case Do::kWrite:
      store(id, next);
      break;
    case Do::kAdd:
    case Do::kSwapIfZero:
      update(id, next);
      break;
    case Do::kLock:
      owner_[next.object] = id;
      break;
    case Do::kUnlock:
      owner_.erase(next.object);
      break;
    case Do::kTryLock:
      event_.wrote = !owner_.contains(next.object);
      threads_[id].read += event_.wrote ? "took " : "missed ";
      threads_[id].next += event_.wrote ? 0 : 2;
      if (event_.wrote) owner_[next.object] = id;
      break;
    case Do::kConditionWait:
      wait_on(id, next);
      return;
    case Do::kNotifyOne:
    case Do::kNotifyAll:
      notify(next, next.what == Do::kNotifyAll);
      break;
    case Do::kPost:
      ++posts_[next.object];
      break;
    case Do::kAcquire:
      --posts_[next.object];
      break;
    case Do::kYield:
      break;
  }
  ++threads_[id].next;
}

void Machine::finish() {
  std::vector<std::uint64_t> numbers(threads_.size());
  std::vector<std::uint64_t> names;
  for (const Event& event : events_) {
    const ThreadId id = event.operation.thread;
    names.push_back(mixed(mixed(id) + ++numbers[id]) + mixed(event.side));
    result_.trace += mixed(names.back());
  }
  for (std::size_t later = 0; later < events_.size(); ++later) {
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      const Event& first = events_[earlier];
      const Event& second = events_[later];
      if (first.operation.thread == second.operation.thread ||
          !dependent(first.operation, first.wrote, second.operation, second.wrote)) {
        continue;
      }
      result_.trace += mixed(names[earlier] * 3 + mixed(names[later]));
    }
  }
  for (ThreadId id = 0; id < threads_.size(); ++id) {
    result_.outcome += "T" + std::to_string(id) + ": " + threads_[id].read;
    if (!ended(id)) result_.outcome += "stuck at " + std::to_string(threads_[id].next);
    if (!ended(id) && !result_.pruned) result_.stuck = true;
  }
  for (auto& [object, place] : locations_) {
    result_.outcome += " x" + std::to_string(object) + "=";
    for (const std::uint32_t number : place.order) {
      result_.outcome += std::to_string(place.stores[number].value) + ",";
    }
  }
}

}  // namespace

Schedule run(const Program& program, Strategy& strategy) {
  return Machine(program, strategy).go();
}

}  // namespace interleave::simulation
