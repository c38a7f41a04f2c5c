#include "interleave/runtime/probe.hpp"

#include <algorithm>

#include "interleave/runtime/engine.hpp"

namespace interleave {

Probe the_probe;

namespace {

// The first look is a millisecond later, each further one twice as far away: four hours
// at the last.
constexpr std::uint64_t kFirstLeap = 1'000'000;

std::string sentence_for(const std::vector<ThreadId>& cycle) {
  const ThreadList& threads = engine().threads();
  std::string text;
  for (std::size_t i = 0; i < cycle.size(); ++i) {
    if (i != 0) text += ", ";
    text += threads[cycle[i]].name + " waits for " +
            threads[cycle[(i + 1) % cycle.size()]].name;
  }
  return text;
}

}  // namespace

void WaitQueue::remove(ThreadId thread) {
  auto* const end = waiters.data() + size;
  auto* const rest = std::remove(waiters.data(), end, static_cast<std::uint8_t>(thread));
  size -= static_cast<std::size_t>(end - rest);
}

void Probe::nothing_can_run() {
  if (running_) {
    conclude_if_memory_changed();
    conclude_deadlock();
  }
  if (renew_spinners()) return;
  stuck_ = {};
  stuck_.waiting = everybody_waiting();
  stuck_.cycle = find_cycle();
  tracer().trace_stuck();
  for (Waiting& waiting : stuck_.waiting) {
    const Thread& thread = engine().threads()[waiting.thread];
    if (thread.wait == Wait::kReady) waiting.wait_step = thread.last_step;
  }
  stuck_.step = tracer().step();
  running_ = true;
  const bool by_descriptors = std::any_of(
      stuck_.cycle.begin(), stuck_.cycle.end(),
      [](ThreadId id) { return engine().threads()[id].wait == Wait::kReady; });
  if (stuck_.cycle.empty() || by_descriptors) wake_everyone();
}

// Lets every spinning thread go around again, at a later time. False if there is none, or
// if they have had their chances. One that counts its rounds has as many as a run has steps.
bool Probe::renew_spinners() {
  bool renewed = false;
  for (Thread& thread : engine().threads()) {
    if (thread.finished || thread.wait != Wait::kChange) continue;
    const std::uint32_t renewals = thread.spin.renewals();
    if (thread.spin.closed() && renewals >= kMostRenewals) continue;
    scheduler().advance_to(scheduler().now() +
                           (kFirstLeap << std::min(renewals, kMostRenewals)));
    thread.spin.renew_patience();
    thread.wait = Wait::kNothing;
    renewed = true;
  }
  return renewed;
}

void Probe::about_to_write(Thread& self, Address address, std::uint64_t size) {
  if (!rang_) return made_progress(self);
  writes_.push_back({self.id, address, size, content_of_memory(address, size)});
}

void Probe::conclude_if_memory_changed() {
  for (const Write& write : writes_) {
    if (content_of_memory(write.address, write.size) == write.content) continue;
    conclude_lost_wake_up(engine().threads()[write.thread]);
  }
}

void Probe::thread_ends(Thread& self) {
  if (!running_) return;
  if (rang_) conclude_if_memory_changed();
  const bool was_rung = std::any_of(
      stuck_.waiting.begin(), stuck_.waiting.end(), [&](const Waiting& waiting) {
        return waiting.thread == self.id && is_on_descriptor(waiting.operation.kind);
      });
  if (rang_ && was_rung && !ring_was_lost_) conclude_deadlock();
  conclude_lost_wake_up(self);
}

void Probe::wake_everyone() {
  rang_ = ring_was_lost_ = false;
  writes_.clear();
  for (Thread& thread : engine().threads()) {
    if (thread.finished) continue;
    if (thread.wait == Wait::kReady) {
      const Rung rung = descriptors().ring_again(thread);
      rang_ = rang_ || rung.any;
      ring_was_lost_ = ring_was_lost_ || rung.one_was_lost;
    }
    if (thread.wait != Wait::kSignal) continue;
    engine().objects().queue(thread.pending.object).remove(thread.id);
    engine().threads().wake(thread);
  }
}

void Probe::conclude_deadlock() {
  const bool spinning = std::any_of(
      stuck_.waiting.begin(), stuck_.waiting.end(), [](const Waiting& waiting) {
        return engine().threads()[waiting.thread].wait == Wait::kChange;
      });
  if (spinning) {
    stuck_.kind = FailureKind::kLivelock;
    stuck_.message =
        "the threads that are left read the same values again and again; "
        "no thread is left to change them";
  } else {
    stuck_.kind = FailureKind::kDeadlock;
    stuck_.message = stuck_.cycle.empty()
                         ? "every thread waits, and none of them can continue"
                         : sentence_for(stuck_.cycle);
  }
  stuck_.thread =
      stuck_.cycle.empty() ? stuck_.waiting.front().thread : stuck_.cycle.front();
  stuck_.pc = engine().threads()[stuck_.thread].pending.pc;
  engine().fail(std::move(stuck_));
}

void Probe::conclude_lost_wake_up(Thread& woken) {
  stuck_.kind = FailureKind::kLostWakeUp;
  stuck_.thread = woken.id;
  for (const Waiting& waiting : stuck_.waiting) {
    if (waiting.thread != woken.id) continue;
    stuck_.pc = waiting.operation.pc;
    const bool by_doorbell = is_on_descriptor(waiting.operation.kind);
    const std::string last =
        by_doorbell ? "the last ring of its doorbell" : "the last notify";
    std::string last_notify = last + " woke another thread";
    if (waiting.last_notify < waiting.wait_step)
      last_notify = last + " came before it waited";
    if (waiting.last_notify == kNoStep) last_notify = "no thread ever notified it";
    stuck_.message =
        woken.name + " waits although what it waits for is there; " + last_notify;
  }
  engine().fail(std::move(stuck_));
}

ThreadId Probe::holder_of_need(const Thread& thread) const {
  switch (thread.wait) {
    case Wait::kExclusive:
    case Wait::kShared:
      if (thread.lock->owner != kNoThread) return thread.lock->owner;
      for (ThreadId id = 0; id < engine().threads().size(); ++id) {
        if (thread.lock->readers.has(id)) return id;
      }
      return kNoThread;
    case Wait::kJoin:
      return thread.target;
    case Wait::kReady:
      return descriptors().partner_of(thread);
    default:
      return kNoThread;
  }
}

std::vector<Waiting> Probe::everybody_waiting() const {
  std::vector<Waiting> all;
  for (const Thread& thread : engine().threads()) {
    if (thread.finished) continue;
    Waiting waiting;
    waiting.thread = thread.id;
    waiting.operation = thread.pending;
    waiting.holder = holder_of_need(thread);
    waiting.wait_step = thread.last_step;
    if (thread.wait == Wait::kSignal) {
      const std::uint32_t notify =
          engine().objects().queue(thread.pending.object).last_notify;
      if (notify != 0) waiting.last_notify = notify;
    }
    if (thread.wait == Wait::kReady) {
      waiting.last_notify = descriptors().last_ring(thread);
    }
    all.push_back(waiting);
  }
  return all;
}

std::vector<ThreadId> Probe::find_cycle() const {
  const ThreadList& threads = engine().threads();
  for (const Thread& start : threads) {
    std::vector<ThreadId> path;
    for (ThreadId at = start.id; at != kNoThread; at = holder_of_need(threads[at])) {
      if (threads[at].finished) break;
      const auto seen = std::find(path.begin(), path.end(), at);
      if (seen != path.end()) return {seen, path.end()};
      path.push_back(at);
    }
  }
  return {};
}

}  // namespace interleave
