// One slow stage of a line, done by several workers at once; what comes out is in order.
//
//                     window_:  oldest --> [ done | at work | done | waiting ] <-- newest
//   the stage before --put--> +--> worker 1 --+
//                             +--> worker 2 --+ --take--> the stage behind
//                             +--> worker 3 --+   only ever the oldest, when it is done
//
// Threads     put and close: one thread, the stage before. take: one thread, the stage
//             behind. Construct: the owner. Destroy: the owner, while no call is running.
// Progress    Blocking. A thread with nothing to do sleeps. No lock is held while an item
//             is worked on. The oldest item needs nothing but its worker.
//
// Invariants
//   I1  window_, begun_ and closed_ are read and written only while mutex_ is held.
//   I2  An item has its place in window_ from its put to its take, in the order of the puts.
//       There are at most capacity_ of them.
//   I3  The first begun_ items of window_ have been given to a worker each, the others wait.
//   I4  The thread that makes a waiting thread's condition true notifies it afterwards.
//
// Edges       All are mutex_'s: each unlock happens before the next lock.
//
// Left out    Stopping from behind, as in exercise 5.2: destroying it does that here.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "course/todo.hpp"

template <typename In, typename Out>
class Reorder {
 public:
  // `work` is called by `workers` threads, at least 1, at the same time. At most `capacity`
  // items, at least 1, are inside.
  Reorder(unsigned workers, std::size_t capacity, std::function<Out(In)> work)
      : capacity_(capacity), work_(std::move(work)) {
    try {
      for (unsigned i = 0; i < workers; ++i) workers_.emplace_back([this] { run(); });
    } catch (...) {
      end();
      throw;
    }
  }
  Reorder(const Reorder&) = delete;
  Reorder& operator=(const Reorder&) = delete;

  // Drops the items that no worker has begun; waits for those that are at work.
  ~Reorder() { end(); }

  // Gives `item` the next place, waiting until there is one. Not after close.
  void put(In item) {
    // TODO 1: wait for a place, take it for this item, wake a worker
    course::todo(1, item, capacity_);
  }

  // No item will follow. Calling it again changes nothing.
  void close() {
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
    }
    item_ready_.notify_all();
    oldest_done_.notify_one();
  }

  // What became of the oldest item, waiting until it is done; throws what `work` threw for
  // it. Nothing once it is closed and every item was taken.
  [[nodiscard]] std::optional<Out> take() {
    // TODO 1: wait for the oldest to be done, free its place, give or throw its result
    course::todo(1);
  }

 private:
  struct AtWork {};

  // An item that waits, or is with a worker, or what became of it, or what `work` threw.
  using Place = std::variant<In, AtWork, Out, std::exception_ptr>;

  [[nodiscard]] static bool is_done(const Place& place) { return place.index() >= 2; }

  // The whole life of a worker: until it is closed and no item waits.
  void run() {
    // TODO 1: begin the oldest that waits, do it, leave its result in its place
    course::todo(1, work_, begun_);
  }

  // Closes, drops what no worker has begun, and waits for the workers.
  void end() {
    {
      const std::scoped_lock lock(mutex_);
      while (window_.size() > begun_) window_.pop_back();
    }
    close();
    workers_.clear();
  }

  const std::size_t capacity_;
  const std::function<Out(In)> work_;

  // Written by any thread that holds mutex_.
  std::mutex mutex_;
  std::condition_variable place_free_;   // put waits here while every place is taken
  std::condition_variable item_ready_;   // workers wait here while every item has begun
  std::condition_variable oldest_done_;  // take waits here
  std::deque<Place> window_;
  std::size_t begun_ = 0;
  bool closed_ = false;

  // Written by the owner. Last, so that it is destroyed first: that joins the workers.
  std::vector<std::jthread> workers_;
};
