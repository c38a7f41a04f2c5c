// A loop that runs handlers at their time: any number of timers, each once or again and
// again, and any of them cancelled.
//
//   after, every --> [ queue_: the earliest first ] --> run: sleeps until the first is due
//   cancel ------x                                           |
//                                                     handler, handler, …
//
// Threads     after, every, cancel, stop: any thread. run: one thread, the loop's. Destroy: once
//             run has returned, also while the call that ended it is on its way out.
// Progress    A handler waits for those before it. No call waits for a handler.
//
// Invariants
//   I1  No handler runs before its time, none runs while another does, and none under a
//       lock.
//   I2  Those that are due run in the order of their times; at equal times, in the order in
//       which they were started.
//   I3  After cancel has returned true, the handler does not begin any more.
//   I4  The loop sleeps until the first timer is due, and no longer, whichever thread starts it.
//
// Edges       What a thread did before it started a timer happens before its handler; what
//             a handler did happens before a later one.
//
// Left out    Coarse timers, which share wake-ups: see the solutions' README.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "course/todo.hpp"
#include "poller.hpp"

template <Poller P>
class Timers {
 public:
  using Handler = std::function<void()>;
  using Duration = std::chrono::nanoseconds;
  using Id = std::uint64_t;

  // Sleeps in `poller`, which must outlive this.
  explicit Timers(P& poller) : poller_(poller) {}

  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  // Has `handler` run once, when `delay`, which is not negative, has passed. Returns the
  // timer's number, which is never 0 and never used again.
  Id after(Duration delay, Handler handler) {
    // TODO 1: note it, and when it is due
    course::todo(1, delay, handler);
  }

  // Runs timers at their time, and sleeps between; returns when none is left, or after
  // `stop`. A timer that a handler starts runs in a later round, even with no delay: the
  // poller's wait comes first, so that others get their turn. What a handler throws comes
  // out here; called again, `run` continues, and a timer of `every` keeps its times.
  void run() {
    // TODO 1: sleep, run what is due, again
    course::todo(1, poller_);
  }

  // Has `handler` run again and again: when `period` has passed, and then a multiple of
  // `period` after the first time, however late it was the last time. If it could not run at
  // several of its times, it runs once for all of them. `period` is more than 0.
  Id every(Duration period, Handler handler) {
    // TODO 2: the same, and `run` notes it again
    course::todo(2, period, handler);
  }

  // Has the timer's handler not run any more; one that is running runs to its end. Returns
  // false if there is no such timer: it has run, or was cancelled, or never was. Any handler
  // may call it, also the timer's own. What the handler captured is destroyed before cancel
  // returns, unless it runs just then.
  bool cancel(Id id) {
    // TODO 3: find it by its number
    course::todo(3, id);
  }

  // Has `run` return as soon as no handler runs, even if it sleeps.
  void stop() {
    // TODO 4: say so, and wake the loop
    course::todo(4);
  }

 private:
  // When a timer is due.
  struct Entry {
    TimePoint due;
    Id id;

    // The standard's heaps have the largest on top, and we want the earliest.
    [[nodiscard]] bool operator<(const Entry& other) const {
      return due != other.due ? due > other.due : id > other.id;
    }
  };

  // queue_ is a heap, as the standard's algorithms keep it: queue_.front() is the earliest.
  void push(Entry entry) {
    queue_.push_back(entry);
    std::push_heap(queue_.begin(), queue_.end());
  }

  void pop() {
    std::pop_heap(queue_.begin(), queue_.end());
    queue_.pop_back();
  }

  P& poller_;

  // Written by any thread that holds mutex_.
  std::mutex mutex_;
  std::vector<Entry> queue_;
  Id last_id_ = 0;
};
