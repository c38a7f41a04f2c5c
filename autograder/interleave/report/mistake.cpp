#include "interleave/report/mistake.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include "interleave/report/states.hpp"

namespace interleave {
namespace {

// A destructor that was not written has the place of its class.
bool is_of_no_line(const std::string& text) {
  return text.starts_with("class ") || text.starts_with("struct ");
}

bool is_test(const Frame& place) { return place.file.ends_with("_test.cpp"); }

bool is_under_test(const Step& step, const Naming& naming) {
  const Frame place = naming.place(step.stack);
  return !place.file.empty() && !is_test(place) && !is_of_no_line(naming.text(place));
}

// Whether the thread of both went from `first` to `second` in one go through one function: else
// the second is of a later call, or of a later round.
bool follows_in_source(const Step& first, const Step& second, const Trace& trace,
                       const Naming& naming) {
  const Frame from = naming.place(first.stack);
  const auto is_further_down = [&](const Step& step) {
    const Frame place = naming.place(step.stack);
    return place.function == from.function && place.line > from.line;
  };
  // An object's end is no part of what was to be handed over.
  const bool ends =
      naming.text(naming.place(second.stack)).find("delete ") != std::string::npos;
  return is_further_down(second) && !ends &&
         std::none_of(trace.steps.begin(), trace.steps.end(), [&](const Step& step) {
           return step.operation.thread == first.operation.thread &&
                  step.number > first.number && step.number < second.number &&
                  naming.place(step.stack).function == from.function &&
                  !is_further_down(step);
         });
}

// What the thread read, in the program under test, before it slept at `slept`: since it took
// its lock.
std::set<Address> looked_at_before(ThreadId thread, std::uint32_t slept,
                                   const Trace& trace, const Naming& naming) {
  std::set<Address> looked_at;
  for (const Step& step : trace.steps) {
    if (step.number >= slept) break;
    if (step.operation.thread != thread) continue;
    if (step.operation.kind == OperationKind::kLock) looked_at.clear();
    const bool reads = step.operation.kind == OperationKind::kPlainRead || step.reads;
    if (reads && is_under_test(step, naming)) looked_at.insert(step.operation.object);
  }
  return looked_at;
}

bool changes(const Step& step, const std::set<Address>& objects) {
  const bool writes = step.operation.kind == OperationKind::kPlainWrite || step.writes;
  return writes && objects.contains(step.operation.object);
}

// The steps of the program under test, by what a failure says of them.
class Search {
 public:
  Search(const Failure& failure, const Trace& trace, const Naming& naming)
      : failure_(failure), trace_(trace), naming_(naming) {
    beside_lesson_ =
        std::any_of(trace.steps.begin(), trace.steps.end(), [&](const Step& step) {
          return is_under_test(step, naming) && !naming.place(step.stack).of_lesson();
        });
  }

  [[nodiscard]] const Step* mistake() const {
    switch (failure_.kind) {
      case FailureKind::kMisuse:
        return step_at(trace_, failure_.step);
      case FailureKind::kRace:
        return of_race();
      case FailureKind::kDeadlock:
      case FailureKind::kLostWakeUp:
        return failure_.cycle.empty() ? of_sleepers() : of_waiting();
      case FailureKind::kLivelock:
        return of_waiting();
      case FailureKind::kCheck:
      case FailureKind::kException:
      case FailureKind::kCrash:
        if (const Step* poll = last_poll()) return poll;
        if (const Step* wake = acted_when_woken(trace_, naming_).wake; under_test(wake)) {
          return wake;
        }
        if (const Step* old = last_old_value()) return old;
        return of_switch();
      default:
        return nullptr;
    }
  }

 private:
  // A lesson's class is a library to the exercise that builds upon it.
  [[nodiscard]] bool under_test(const Step* step) const {
    return step != nullptr && is_under_test(*step, naming_) &&
           !(beside_lesson_ && naming_.place(step->stack).of_lesson());
  }

  [[nodiscard]] const Step* of_race() const {
    const BrokenEdge edge = broken_edge(failure_, trace_, &naming_);
    if (under_test(edge.store) &&
        (edge.too_early || !releases(edge.store->operation.order))) {
      return edge.store;
    }
    if (under_test(edge.load)) return edge.load;
    const Step* with_fewest = nullptr;
    std::size_t fewest = 0;
    for (const Access& access : failure_.accesses) {
      const Step* step = step_at(trace_, access.step);
      const std::size_t locks = locks_at(trace_, access.thread, access.step).size();
      if (!under_test(step) || (with_fewest != nullptr && locks >= fewest)) continue;
      with_fewest = step;
      fewest = locks;
    }
    return with_fewest == nullptr ? of_race_within_test() : with_fewest;
  }

  // What the thread that waited for the other one looked at last.
  [[nodiscard]] const Step* of_race_within_test() const {
    for (auto access = failure_.accesses.rbegin(); access != failure_.accesses.rend();
         ++access) {
      const Step* look = looked_at_last(*access, trace_, naming_);
      if (under_test(look)) return look;
    }
    return nullptr;
  }

  // The last step, in the program under test, of a thread that waits.
  [[nodiscard]] const Step* of_waiting() const {
    for (const Waiting& waiting : failure_.waiting) {
      if (waiting.operation.kind == OperationKind::kThreadJoin) continue;
      if (const Step* last = last_of(waiting.thread); under_test(last)) return last;
    }
    return nullptr;
  }

  [[nodiscard]] const Step* last_of(ThreadId thread) const {
    if (thread >= trace_.threads.size()) return nullptr;
    return step_at(trace_, trace_.threads[thread].last_step);
  }

  [[nodiscard]] const Step* of_sleepers() const {
    if (const Step* old = last_old_value()) return old;
    for (const Waiting& waiting : failure_.waiting) {
      const OperationKind kind = waiting.operation.kind;
      if (kind == OperationKind::kThreadJoin || is_lock(kind)) continue;
      if (slept_again(waiting, trace_, naming_)) continue;
      const Step* notify = step_at(trace_, waiting.last_notify);
      const bool too_early = notify != nullptr && notify->number < waiting.wait_step;
      const Step* change = last_change_after(waiting);
      if (under_test(notify) && (!too_early || change == nullptr)) return notify;
      if (change != nullptr) return change;
    }
    return of_waiting();
  }

  // Of what the sleeper had read before it went to sleep, the last change since, by another.
  [[nodiscard]] const Step* last_change_after(const Waiting& waiting) const {
    const std::uint32_t slept = waiting.wait_step;
    std::set<Address> looked_at =
        looked_at_before(waiting.thread, slept, trace_, naming_);
    looked_at.insert(waiting.operation.object);
    const Step* last = nullptr;
    for (const Step& step : trace_.steps) {
      if (step.number <= slept || step.operation.thread == waiting.thread) continue;
      if (changes(step, looked_at) && under_test(&step)) last = &step;
    }
    return last;
  }

  // Of a thread that sleeps for a while and looks at the same again, or tries a lock over and
  // over.
  [[nodiscard]] const Step* last_poll() const {
    struct Looks {
      Address at = 0;               // what it looked at last
      const Step* sleep = nullptr;  // since then
      int tries = 0;
    };
    const Step* last = nullptr;
    std::map<ThreadId, Looks> threads;
    for (const Step& step : trace_.steps) {
      if (!under_test(&step)) continue;
      Looks& looks = threads[step.operation.thread];
      const OperationKind kind = step.operation.kind;
      if (kind == OperationKind::kSleep) looks.sleep = &step;
      if (kind == OperationKind::kTryLock && !step.succeeded && ++looks.tries > 1)
        last = &step;
      if (!is_atomic(kind) && !is_lock(kind)) continue;
      const bool again = looks.sleep != nullptr && looks.at == step.operation.object;
      if (again) last = looks.sleep;
      looks = {step.operation.object, nullptr, looks.tries};
    }
    return last;
  }

  // The last load of a value that another thread had overwritten.
  [[nodiscard]] const Step* last_old_value() const {
    const Step* last = nullptr;
    for (const Step& step : trace_.steps) {
      const bool old = step.reads && step.newest_store != kNoStep &&
                       step.newest_store != step.reads_from;
      if (old && under_test(&step)) last = &step;
    }
    return last;
  }

  // The last time that another thread came between two steps of one call.
  [[nodiscard]] const Step* of_switch() const {
    std::map<ThreadId, const Step*> before;  // of each thread, its last step in this call
    std::map<ThreadId, bool> interrupted;
    const Step* mistake = nullptr;
    for (const Step& step : trace_.steps) {
      const ThreadId thread = step.operation.thread;
      if (enters_from_test(step)) before.erase(thread);
      if (!is_seen_by_others(step.operation.kind) || !under_test(&step)) continue;
      for (auto& [other, was] : interrupted) was = was || other != thread;
      const auto last = before.find(thread);
      if (last != before.end() && interrupted[thread] &&
          are_of_one_call(*last->second, step) &&
          last->second->operation.kind != OperationKind::kConditionWait) {
        mistake = either_side(*last->second, step);
      }
      before[thread] = &step;
      interrupted[thread] = false;
    }
    return mistake == nullptr ? left_in_the_middle(before, interrupted) : mistake;
  }

  // Of a thread that another came after, and that was not run again before the failure.
  [[nodiscard]] const Step* left_in_the_middle(
      const std::map<ThreadId, const Step*>& last,
      const std::map<ThreadId, bool>& interrupted) const {
    const Step* found = nullptr;
    for (const auto& [thread, step] : last) {
      const bool goes_on = thread < trace_.threads.size() &&
                           !trace_.threads[thread].finished &&
                           !trace_.threads[thread].blocked;
      const bool later = found == nullptr || step->number > found->number;
      if (goes_on && thread != failure_.thread && interrupted.at(thread) && later) {
        found = step;
      }
    }
    return found;
  }

  // A value that was read and is written back comes too late; a lock was let go too early.
  [[nodiscard]] static const Step* either_side(const Step& before, const Step& after) {
    const bool writes_back = after.operation.kind == OperationKind::kAtomicStore &&
                             before.operation.object == after.operation.object;
    return writes_back ? &after : &before;
  }

  // Where the compiler put both calls into the test itself, none is entered.
  [[nodiscard]] bool are_of_one_call(const Step& before, const Step& after) const {
    return line_in_test(before) == line_in_test(after);
  }

  [[nodiscard]] std::uint32_t line_in_test(const Step& step) const {
    const std::vector<Frame> frames = naming_.own_frames(step.stack);
    const auto found = std::find_if(frames.begin(), frames.end(), is_test);
    return found == frames.end() ? 0 : found->line;
  }

  [[nodiscard]] bool enters_from_test(const Step& step) const {
    if (step.operation.kind != OperationKind::kCall) return false;
    return is_test(naming_.place(step.stack));
  }

  [[nodiscard]] static bool is_seen_by_others(OperationKind kind) {
    return is_atomic(kind) || is_lock(kind) || is_on_descriptor(kind) ||
           kind == OperationKind::kConditionWait || kind == OperationKind::kConditionWake;
  }

  const Failure& failure_;
  const Trace& trace_;
  const Naming& naming_;
  bool beside_lesson_ = false;  // an exercise's own file is in the trace
};

// Whether another thread had the lock between the notify and this wake-up.
bool overtaken(const Step& wake, const Trace& trace) {
  return std::any_of(trace.steps.begin(), trace.steps.end(), [&](const Step& step) {
    return step.number > wake.woken_by && step.number < wake.number &&
           step.operation.kind == OperationKind::kLock &&
           step.operation.object == wake.operation.second_object &&
           step.operation.thread != wake.operation.thread;
  });
}

// Whether the notify was of a change from before the wait: of what the thread had looked at none
// changed while it slept.
bool woken_for_nothing(const Step& wake, const Trace& trace, const Naming& naming) {
  const ThreadId sleeper = wake.operation.thread;
  const Step* wait = nullptr;
  for (const Step& step : trace.steps) {
    if (step.number >= wake.number) break;
    const bool waits = step.operation.kind == OperationKind::kConditionWait;
    if (waits && step.operation.thread == sleeper) wait = &step;
  }
  if (wait == nullptr) return false;
  const std::set<Address> looked_at =
      looked_at_before(sleeper, wait->number, trace, naming);
  return !looked_at.empty() &&
         std::none_of(trace.steps.begin(), trace.steps.end(), [&](const Step& step) {
           return step.number > wait->number && step.number < wake.number &&
                  step.operation.thread != sleeper && changes(step, looked_at);
         });
}

// The line at which `holder`, as far as its `last` step got, is in the function that took `lock`;
// without a file if that has ended.
Frame where_held(ThreadId holder, Address lock, const Step& last, const Trace& trace,
                 const Naming& naming) {
  std::string function;
  for (const Step& step : trace.steps) {
    const bool takes = step.operation.kind == OperationKind::kLock && step.succeeded &&
                       step.operation.thread == holder && step.operation.object == lock;
    if (takes && step.number < last.number) function = naming.place(step.stack).function;
  }
  if (function.empty()) return {};
  for (auto at = last.stack.begin(); at != last.stack.end(); ++at) {
    const Frame frame = naming.place({at, last.stack.end()});
    if (frame.function == function) return frame;
  }
  return {};
}

// Of a thread that sleeps, or comes back, while it holds what others wait for.
Mistake held_too_long(const Failure& failure, const Trace& trace, const Naming& naming) {
  Mistake mistake;
  const auto look = [&](ThreadId holder, Address lock, const Step* last) {
    if (last == nullptr || mistake.step != nullptr) return;
    const Frame innermost = naming.place(last->stack);
    const Frame frame = where_held(holder, lock, *last, trace, naming);
    const bool called_out = frame.function != innermost.function;
    if (frame.file.empty() || is_test(frame) || !called_out) return;
    mistake = {last, frame, true};
  };
  if (failure.kind == FailureKind::kMisuse) {
    const Step* last = step_at(trace, failure.step);
    if (last != nullptr && last->operation.kind == OperationKind::kLock) {
      look(last->operation.thread, last->operation.object, last);
    }
  }
  if (failure.kind != FailureKind::kDeadlock || !failure.cycle.empty()) return mistake;
  for (const Waiting& waiting : failure.waiting) {
    if (!is_lock(waiting.operation.kind) || waiting.holder >= trace.threads.size())
      continue;
    look(waiting.holder, waiting.operation.object,
         step_at(trace, trace.threads[waiting.holder].last_step));
  }
  return mistake;
}

}  // namespace

const Step* step_at(const Trace& trace, std::uint32_t number) {
  const auto found = std::lower_bound(
      trace.steps.begin(), trace.steps.end(), number,
      [](const Step& step, std::uint32_t wanted) { return step.number < wanted; });
  return found != trace.steps.end() && found->number == number ? &*found : nullptr;
}

BrokenEdge broken_edge(const Failure& failure, const Trace& trace, const Naming* naming) {
  if (failure.accesses.size() < 2) return {};
  const Access& earlier = failure.accesses[0];
  const Access& later = failure.accesses[1];
  BrokenEdge early;
  for (const Step& load : trace.steps) {
    if (!is_atomic(load.operation.kind) || !load.reads) continue;
    const Step* store = step_at(trace, load.reads_from);
    if (store == nullptr) continue;
    const ThreadId reader = load.operation.thread;
    const ThreadId writer = store->operation.thread;
    if (reader == later.thread && writer == earlier.thread && load.number < later.step &&
        store->number > earlier.step) {
      return {store, &load, false};
    }
    const bool own = naming != nullptr && is_under_test(*store, *naming) &&
                     is_under_test(load, *naming);
    if (!own) continue;
    for (const auto& [left, other] : {std::pair{&earlier, &later}, {&later, &earlier}}) {
      const Step* used = step_at(trace, left->step);
      if (used == nullptr || used->operation.kind == OperationKind::kRelease) continue;
      if (writer == left->thread && reader == other->thread &&
          store->number < left->step && load.number < other->step &&
          releases(store->operation.order) && acquires(load.operation.order) &&
          follows_in_source(*store, *used, trace, *naming)) {
        early = {store, &load, true, !left->write};
      }
    }
  }
  return early;
}

bool slept_again(const Waiting& waiting, const Trace& trace, const Naming& naming) {
  std::set<Address> looked_at;  // before it first slept, in that call
  std::set<Address> looked_at_again;
  std::set<Address> changed;  // meanwhile, by the one who woke it
  const Step* notify = step_at(trace, waiting.last_notify);
  if (notify == nullptr) return false;
  std::uint32_t line_of_wait = 0;
  for (const Step& step : trace.steps) {
    const bool waits = step.operation.kind == OperationKind::kConditionWait &&
                       step.operation.thread == waiting.thread;
    if (waits) line_of_wait = naming.place(step.stack).line;
  }
  bool slept = false;
  bool woken = false;
  for (const Step& step : trace.steps) {
    const OperationKind kind = step.operation.kind;
    const bool own = step.operation.thread == waiting.thread;
    if (own && kind == OperationKind::kConditionWake && step.woken_by == notify->number) {
      woken = true;
    } else if (own && kind == OperationKind::kConditionWait) {
      slept = true;
    } else if (own && kind == OperationKind::kLock && !slept) {
      looked_at.clear();
    } else if (own && (kind == OperationKind::kPlainRead || step.reads)) {
      const bool before_the_wait = naming.place(step.stack).line < line_of_wait;
      if (!slept && before_the_wait) looked_at.insert(step.operation.object);
      if (woken) looked_at_again.insert(step.operation.object);
    } else if (slept && step.operation.thread == notify->operation.thread &&
               step.number < notify->number &&
               (kind == OperationKind::kPlainWrite || step.writes)) {
      changed.insert(step.operation.object);
    }
  }
  return woken && std::any_of(changed.begin(), changed.end(), [&](Address object) {
           return looked_at.contains(object) && !looked_at_again.contains(object);
         });
}

const Step* looked_at_last(const Access& access, const Trace& trace,
                           const Naming& naming) {
  const Step* own = step_at(trace, access.step);
  if (own == nullptr) return nullptr;
  const std::vector<Frame> frames = naming.own_frames(own->stack);
  const bool by_test = std::all_of(frames.begin(), frames.end(), is_test);
  if (frames.empty() || !by_test) return nullptr;
  const Step* last = nullptr;
  for (const Step& step : trace.steps) {
    if (step.number >= own->number) break;
    const bool reads = step.operation.kind == OperationKind::kPlainRead || step.reads;
    if (!reads || step.operation.thread != access.thread) continue;
    if (!is_under_test(step, naming)) continue;
    // What a lock reads of itself where its scope ends is no look, nor is what an atomic is
    // compared with.
    const Origin from = naming.origin(step.stack);
    const bool beside_atomic = last != nullptr && is_atomic(last->operation.kind) &&
                               naming.place(last->stack).line == from.place.line;
    if (beside_atomic && !is_atomic(step.operation.kind)) continue;
    if (from.through.find("lock") == from.through.npos) last = &step;
  }
  return last;
}

ActedWhenWoken acted_when_woken(const Trace& trace, const Naming& naming) {
  for (const Step& step : trace.steps) {
    if (step.operation.kind != OperationKind::kConditionWake) continue;
    if (!naming.looks_once(naming.place(step.stack))) continue;
    if (step.woken_by == kNoStep && step.succeeded) return {&step, "for no reason"};
    if (overtaken(step, trace)) return {&step, "too late"};
    if (woken_for_nothing(step, trace, naming)) {
      return {&step, "by a notify of what came before it slept"};
    }
  }
  return {};
}

Mistake mistake_of(const Failure& failure, const Trace& trace, const Naming& naming) {
  if (const Mistake held = held_too_long(failure, trace, naming); held.step != nullptr) {
    return held;
  }
  Mistake mistake;
  mistake.step = Search(failure, trace, naming).mistake();
  if (mistake.step != nullptr) mistake.place = naming.place(mistake.step->stack);
  return mistake;
}

}  // namespace interleave
