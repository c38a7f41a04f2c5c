#include "interleave/report/states.hpp"

#include "interleave/report/mistake.hpp"

namespace interleave {

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
  ThreadState& state = states_[thread];
  take_or_release(step, state.holds);
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
