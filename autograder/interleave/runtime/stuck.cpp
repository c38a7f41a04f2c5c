// What the engine does when no thread can go on: time has stood still, so it is over, one way or another.
//
//   spinners left?   let them look again, later in time; still spinning: livelock
//   waiters left?    wake them all for no reason. If one gets on with it, all it lacked was the
//                    wake-up: lost wake-up. If all go back to waiting: deadlock
//   else             deadlock, with its cycle
#include <algorithm>

#include "interleave/runtime/engine.hpp"

namespace interleave {
namespace {

// The first look is a millisecond later, each further one twice as far away: four hours at the last.
constexpr std::uint64_t kFirstLeap = 1'000'000;

std::string sentence_for(const std::vector<ThreadId>& cycle, Engine& engine) {
  std::string text;
  for (std::size_t i = 0; i < cycle.size(); ++i) {
    if (i != 0) text += ", ";
    text += engine.thread(cycle[i]).name + " waits for " +
            engine.thread(cycle[(i + 1) % cycle.size()]).name;
  }
  return text;
}

}  // namespace

void WaitQueue::remove(ThreadId thread) {
  auto* const end = waiters.data() + size;
  auto* const rest = std::remove(waiters.data(), end, static_cast<std::uint8_t>(thread));
  size -= static_cast<std::size_t>(end - rest);
}

void Engine::nothing_can_run() {
  if (probing_) conclude_deadlock();
  if (renew_spinners()) return;
  stuck_ = {};
  stuck_.waiting = everybody_waiting();
  stuck_.cycle = find_cycle();
  trace_blocked();
  if (options_.trace != nullptr) trace_threads();  // as they are before the probe
  stuck_.step = step_;
  probe();
}

// Lets every spinning thread go round again, at a later time. False if there is none, or if they have had
// their chances.
bool Engine::renew_spinners() {
  bool renewed = false;
  for (ThreadId id = 0; id < count_; ++id) {
    Thread& thread = *threads_[id];
    if (thread.finished || thread.wait != Wait::kChange) continue;
    if (thread.spin.renewals() >= kMostRenewals) return false;
    advance_to(now_ + (kFirstLeap << thread.spin.renewals()));
    thread.spin.renew_patience();
    thread.wait = Wait::kNothing;
    renewed = true;
  }
  return renewed;
}

// Wakes everyone who waits for a signal; whoever then changes anything had lost its wake-up.
void Engine::probe() {
  probing_ = true;
  if (stuck_.cycle.empty()) {
    for (ThreadId id = 0; id < count_; ++id) {
      Thread& thread = *threads_[id];
      if (thread.finished || thread.wait != Wait::kSignal) continue;
      queue(thread.pending.object).remove(id);
      thread.signalled = true;
    }
  }
}

void Engine::conclude_deadlock() {
  const bool spinning = std::any_of(
      stuck_.waiting.begin(), stuck_.waiting.end(), [this](const Waiting& waiting) {
        return threads_[waiting.thread]->wait == Wait::kChange;
      });
  if (spinning) {
    stuck_.kind = FailureKind::kLivelock;
    stuck_.message =
        "the threads that are left read the same values again and again; "
        "nobody is left to change them";
  } else {
    stuck_.kind = FailureKind::kDeadlock;
    stuck_.message = stuck_.cycle.empty()
                         ? "every thread waits, and none can be the one to go on"
                         : sentence_for(stuck_.cycle, *this);
  }
  stuck_.thread =
      stuck_.cycle.empty() ? stuck_.waiting.front().thread : stuck_.cycle.front();
  stuck_.pc = threads_[stuck_.thread]->pending.pc;
  fail(std::move(stuck_));
}

void Engine::conclude_lost_wake_up(Thread& woken) {
  stuck_.kind = FailureKind::kLostWakeUp;
  stuck_.thread = woken.id;
  for (const Waiting& waiting : stuck_.waiting) {
    if (waiting.thread != woken.id) continue;
    stuck_.pc = waiting.operation.pc;
    const char* last_notify = "the last notify woke another thread";
    if (waiting.last_notify < waiting.wait_step) {
      last_notify = "the last notify came before it waited";
    }
    if (waiting.last_notify == kNoStep) last_notify = "nobody ever notified it";
    stuck_.message =
        woken.name + " waits although what it waits for is there; " + last_notify;
  }
  fail(std::move(stuck_));
}

ThreadId Engine::holder_of_need(const Thread& thread) const {
  switch (thread.wait) {
    case Wait::kExclusive:
    case Wait::kShared:
      if (thread.lock->owner != kNoThread) return thread.lock->owner;
      for (ThreadId id = 0; id < count_; ++id) {
        if ((thread.lock->readers >> id & 1U) != 0) return id;
      }
      return kNoThread;
    case Wait::kJoin:
      return thread.target;
    default:
      return kNoThread;
  }
}

std::vector<Waiting> Engine::everybody_waiting() {
  std::vector<Waiting> all;
  for (ThreadId id = 0; id < count_; ++id) {
    const Thread& thread = *threads_[id];
    if (thread.finished) continue;
    Waiting waiting;
    waiting.thread = id;
    waiting.operation = thread.pending;
    waiting.holder = holder_of_need(thread);
    waiting.wait_step = thread.last_step;
    if (thread.wait == Wait::kSignal) {
      const std::uint32_t notify = queue(thread.pending.object).last_notify;
      if (notify != 0) waiting.last_notify = notify;
    }
    all.push_back(waiting);
  }
  return all;
}

std::vector<ThreadId> Engine::find_cycle() const {
  for (ThreadId start = 0; start < count_; ++start) {
    std::vector<ThreadId> path;
    for (ThreadId at = start; at != kNoThread; at = holder_of_need(*threads_[at])) {
      if (threads_[at]->finished) break;
      const auto seen = std::find(path.begin(), path.end(), at);
      if (seen != path.end()) return {seen, path.end()};
      path.push_back(at);
    }
  }
  return {};
}

}  // namespace interleave
