#include "interleave/report/states.hpp"

#include <iterator>
#include <utility>

#include "interleave/report/mistake.hpp"

namespace interleave {

void Locks::apply(const Step& step) {
  for (const Holding& holding : step.untold) {
    held_[holding.thread] = {holding.locks.begin(), holding.locks.end()};
  }
  if (step.blocked || !step.succeeded) return;
  std::set<Address>& held = held_[step.operation.thread];
  switch (step.operation.kind) {
    case OperationKind::kLock:
    case OperationKind::kTryLock:
    case OperationKind::kLockShared:
    case OperationKind::kTryLockShared:
      held.insert(step.operation.object);
      break;
    case OperationKind::kUnlock:
    case OperationKind::kUnlockShared:
      held.erase(step.operation.object);
      break;
    case OperationKind::kConditionWait:
      held.erase(step.operation.second_object);
      break;
    case OperationKind::kConditionWake:
      held.insert(step.operation.second_object);
      break;
    default:
      break;
  }
}

std::set<Address> Locks::of(ThreadId thread) const {
  const auto found = held_.find(thread);
  return found == held_.end() ? std::set<Address>() : found->second;
}

std::vector<Holding> Locks::all() const {
  std::vector<Holding> holdings;
  for (const auto& [thread, locks] : held_) {
    holdings.push_back({thread, {locks.begin(), locks.end()}});
  }
  return holdings;
}

std::set<Address> locks_at(const Trace& trace, ThreadId thread, std::uint32_t step) {
  Locks locks;
  for (const Step& taken : trace.steps) {
    if (taken.number >= step) break;
    locks.apply(taken);
  }
  return locks.of(thread);
}

void shorten(Trace& trace) {
  constexpr std::ptrdiff_t at_start = 500;
  constexpr std::ptrdiff_t at_end = 1500;
  std::vector<Step>& steps = trace.steps;
  if (std::ssize(steps) <= at_start + at_end) return;
  const auto begin = steps.begin() + at_start;
  const auto end = steps.end() - at_end;
  Locks locks;
  std::map<ThreadId, Step*> last;  // of each thread, in the middle
  std::map<Address, Step*> takes;  // of each lock, likewise
  for (auto step = steps.begin(); step != end; ++step) {
    locks.apply(*step);
    if (step < begin) continue;
    last[step->operation.thread] = &*step;
    if (is_lock(step->operation.kind) && !step->blocked && step->succeeded &&
        locks.of(step->operation.thread).contains(step->operation.object)) {
      takes[step->operation.object] = &*step;
    }
  }
  std::set<Step*> kept;  // in the trace's order
  for (const auto& [thread, step] : last) kept.insert(step);
  end->untold = locks.all();
  for (const Holding& holding : end->untold) {
    for (const Address lock : holding.locks) {
      if (takes.contains(lock)) kept.insert(takes[lock]);
    }
  }
  auto rest = begin;
  for (Step* step : kept) {
    if (&*rest != step) *rest = std::move(*step);
    ++rest;
  }
  for (auto step = steps.erase(rest, end); step >= begin; --step) {
    step->left_out += step->number - std::prev(step)->number - 1;
  }
}

ThreadStates::ThreadStates(const Trace& trace, const Naming& naming)
    : trace_(trace), naming_(naming), states_(trace.threads.size()) {}

std::vector<ThreadId> ThreadStates::advance_to(std::uint32_t step) {
  const std::vector<ThreadState> before = states_;
  while (next_ < trace_.steps.size() && trace_.steps[next_].number < step) {
    apply(trace_.steps[next_++]);
  }
  std::vector<ThreadId> changed;
  for (ThreadId thread = 0; thread < states_.size(); ++thread) {
    const bool is_new = thread >= before.size() || states_[thread] != before[thread];
    if (is_new) changed.push_back(thread);
  }
  return changed;
}

void ThreadStates::apply(const Step& step) {
  const ThreadId thread = step.operation.thread;
  if (thread >= states_.size()) states_.resize(thread + 1);
  locks_.apply(step);
  for (const Holding& holding : step.untold) {
    if (holding.thread >= states_.size()) states_.resize(holding.thread + 1);
    states_[holding.thread].holds = locks_.of(holding.thread);
  }
  ThreadState& state = states_[thread];
  state.holds = locks_.of(thread);
  // A wait on a condition unlocks its mutex in a step of its own, and sleeps on.
  if (step.operation.kind != OperationKind::kUnlock)
    state.waits = what_it_waits_for(step);
  state.ended = step.operation.kind == OperationKind::kThreadExit;
}

std::string ThreadStates::what_it_waits_for(const Step& step) const {
  const Operation& operation = step.operation;
  const OperationKind kind = operation.kind;
  const bool only_tried =
      kind == OperationKind::kTryLock || kind == OperationKind::kTryLockShared;
  if (!step.blocked || only_tried) return {};
  if (kind == OperationKind::kThreadJoin) {
    return "waits for " + naming_.thread(static_cast<ThreadId>(operation.object)) +
           " to end";
  }
  std::string words = std::string(is_lock(kind) ? "waits for " : "waits on ") +
                      naming_.object(operation.object);
  if (step.waits_for != kNoThread && !is_on_descriptor(kind))
    words += ", held by " + naming_.thread(step.waits_for);
  return words;
}

std::string what_would_order(const Step& load, const std::string& load_name,
                             const std::string& store_name, const Trace& trace,
                             const Naming& naming) {
  const Step* newest = step_at(trace, load.newest_store);
  if (!load.reads || newest == nullptr || load.newest_store == load.reads_from) return {};
  const std::string writer = naming.thread(newest->operation.thread);
  const std::string reader = naming.thread(load.operation.thread);
  return load_name + " must see " + store_name + " if both are seq_cst, or if " + writer +
         " releases something after " + store_name + " that " + reader +
         " acquires before " + load_name +
         ": a lock, or a release store that an acquire load reads";
}

}  // namespace interleave
