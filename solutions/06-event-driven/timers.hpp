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
    //> step 1(delay, handler): note it, and when it is due
    return start(delay, Duration::zero(), std::move(handler));
    //<
  }

  // Runs timers at their time, and sleeps between; returns when none is left, or after
  // `stop`. A timer that a handler starts runs in a later round, even with no delay: the
  // poller's wait comes first, so that others get their turn. What a handler throws comes
  // out here; called again, `run` continues, and a timer of `every` keeps its times.
  void run() {
    //> step 1(poller_): sleep, run what is due, again
    for (;;) {
      const Limit limit = until_the_next();
      if (!limit) return;
      poller_.wait(*limit);
      run_due();
    }
    //<
  }

  // Has `handler` run again and again: when `period` has passed, and then a multiple of
  // `period` after the first time, however late it was the last time. If it could not run at
  // several of its times, it runs once for all of them. `period` is more than 0.
  Id every(Duration period, Handler handler) {
    //> step 2(period, handler): the same, and `run` notes it again
    return start(period, period, std::move(handler));
    //<
  }

  // Has the timer's handler not run any more; one that is running runs to its end. Returns
  // false if there is no such timer: it has run, or was cancelled, or never was. Any handler
  // may call it, also the timer's own. What the handler captured is destroyed before cancel
  // returns, unless it runs just then.
  bool cancel(Id id) {
    //> step 3(id): find it by its number
    typename decltype(timers_)::node_type cancelled;  // destroyed after the lock is free
    const std::scoped_lock lock(mutex_);
    cancelled = timers_.extract(id);
    if (cancelled.empty()) return false;
    forget_the_cancelled();
    return true;
    //<
  }

  // Has `run` return as soon as no handler runs, even if it sleeps.
  void stop() {
    //> step 4(): say so, and wake the loop
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    poller_.wake();
    //<
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

  //> hide
  struct Timer {
    Duration period;  // 0: once
    std::shared_ptr<Handler> handler;
  };

  Id start(Duration delay, Duration period, Handler handler) {
    auto kept = std::make_shared<Handler>(std::move(handler));
    const std::scoped_lock lock(mutex_);
    const Id id = ++last_id_;
    timers_.emplace(id, Timer{period, std::move(kept)});
    const TimePoint due = poller_.now() + delay;
    push({due, id});
    if (due < sleeps_until_) {
      sleeps_until_ = TimePoint::min();  // one ring is enough
      poller_.wake();
    }
    return id;
  }

  // How long to sleep; nothing if there is nothing to wait for. From here on until run_due,
  // `start` must ring for what is due earlier: both are decided in one hold of the lock.
  Limit until_the_next() {
    const std::scoped_lock lock(mutex_);
    while (!queue_.empty() && !timers_.contains(queue_.front().id)) pop();
    if (stopped_ || queue_.empty()) return std::nullopt;
    sleeps_until_ = queue_.front().due;
    // Rounded up: rounded down, we would come too early, and again, and again.
    const Duration left = std::max(sleeps_until_ - poller_.now(), Duration::zero());
    return std::chrono::ceil<std::chrono::milliseconds>(left);
  }

  // Runs what is due by now, but nothing that these handlers start.
  void run_due() {
    std::unique_lock lock(mutex_);
    sleeps_until_ = TimePoint::min();
    const TimePoint now = poller_.now();
    const Id newest = last_id_;
    while (!stopped_ && !queue_.empty() && queue_.front().due <= now &&
           queue_.front().id <= newest) {
      // Shared: the timer may be cancelled, and forgotten, while its handler runs.
      std::shared_ptr<Handler> handler = take_first(now);
      lock.unlock();
      if (handler) (*handler)();
      handler = nullptr;  // what it captured may have a destructor that calls us
      lock.lock();
    }
  }

  // Takes the first entry; returns its handler, or nothing if it was cancelled. What comes
  // again is noted again.
  std::shared_ptr<Handler> take_first(TimePoint now) {
    const Entry first = queue_.front();
    pop();
    const auto timer = timers_.find(first.id);
    if (timer == timers_.end()) return nullptr;
    std::shared_ptr<Handler> handler = timer->second.handler;
    const Duration period = timer->second.period;
    if (period == Duration::zero()) {
      timers_.erase(timer);
    } else {
      // From the time that was due, not from the one that it became: no drift.
      const auto periods = (now - first.due) / period + 1;
      push({first.due + periods * period, first.id});
    }
    return handler;
  }

  // Keeps the cancelled from being most of the queue: a time-out of an hour that is
  // cancelled after a millisecond, a million times over, would fill the memory.
  void forget_the_cancelled() {
    if (queue_.size() < 2 * timers_.size() + 64) return;
    std::erase_if(queue_,
                  [this](const Entry& entry) { return !timers_.contains(entry.id); });
    std::make_heap(queue_.begin(), queue_.end());
  }

  // Written by any thread that holds mutex_.
  std::unordered_map<Id, Timer> timers_;
  bool stopped_ = false;
  TimePoint sleeps_until_ = TimePoint::min();  // where the loop sleeps; else the earliest

  //<
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
