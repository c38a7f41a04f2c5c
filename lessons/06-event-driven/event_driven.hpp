// A loop that reacts: one thread, which sleeps until something happens, and runs what was
// given for it.
//
//   a socket is ready  --+
//                        +--> [ poller ] --> one thread: handler, handler, handler, …
//   post(handler)      --+
//
// Threads     post, stop, wake: any thread. run, wait: one thread, the loop's. watch,
//             change, unwatch: the loop's thread, or any before it runs.
// Progress    A handler waits for those before it, however long they take: no handler may
//             block. post and stop wait for no handler.
//
// Invariants
//   I1  Handlers run on the loop's thread only, one at a time.
//   I2  posted_ and stopped_ are read and written only while mutex_ is held; no handler
//       runs under it.
//   I3  From a post until the round that runs it, the poller has been woken and has not
//       slept since.
//   I4  A token is never used again. An event whose token is not in watches_ is old.
//
// Edges       POST  post unlocks mutex_  -->  wait locks it: what was done before a post
//                   happens before its handler.
//
// Left out    Time (exercise 6.1); reading, writing, and clients that misbehave (exercise
//             6.2); a loop for each core.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "epoll.hpp"
#include "poller.hpp"

template <Poller P = Epoll>
class EventLoop {
 public:
  using Handler = std::function<void()>;
  using Watcher = std::function<void(const Ready&)>;

  // Takes what the poller needs; none for Epoll.
  template <typename... Arguments>
  explicit EventLoop(Arguments&&... arguments)
      : poller_(std::forward<Arguments>(arguments)...) {}

  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  //> region watch
  // Runs `watcher` whenever `descriptor` is ready for `interest`. Returns its token. The
  // descriptor stays the caller's, who calls unwatch before it is closed.
  std::uint64_t watch(int descriptor, Interest interest, Watcher watcher) {
    const std::uint64_t token = ++last_token_;
    poller_.add(descriptor, token, interest);
    watches_[token] = {descriptor, std::make_shared<Watcher>(std::move(watcher))};
    return token;
  }

  // Never runs that watcher again, not even if its event is in hand already. A watcher may
  // unwatch itself.
  void unwatch(std::uint64_t token) {
    const auto watch = watches_.find(token);
    if (watch == watches_.end()) return;
    poller_.remove(watch->second.descriptor);
    watches_.erase(watch);
  }
  //<

  void change(std::uint64_t token, Interest interest) {
    poller_.change(watches_.at(token).descriptor, token, interest);
  }

  //> region post
  // Has `handler` run on the loop's thread, after those that were posted before.
  void post(Handler handler) {
    const std::scoped_lock lock(mutex_);
    posted_.push_back(std::move(handler));
    // The letter is in the box: now the doorbell. For the letters after it, it has rung.
    if (posted_.size() == 1) poller_.wake();
  }
  //<

  // Has `run` return once what was posted before has run.
  void stop() {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    // Under the lock: once it is free, `run` may return, and its caller end the loop.
    poller_.wake();
  }

  //> region run
  // Runs handlers until `stop`. What a handler throws comes out here; call it again to
  // continue with the next one.
  void run() {
    for (bool last = false; !last;) {
      last = stopped();
      wait(last ? Limit(0) : Limit());
    }
  }

  // One round: sleeps until something happens, for `limit` at most, and handles it. With
  // `now` and `wake` this makes the loop a Poller: other loops can be built upon it.
  void wait(Limit limit) {
    // A round that a handler's exception cut short left work behind: no sleep before it.
    const bool cut_short = std::exchange(in_round_, true);
    for (const Ready& ready : poller_.wait(cut_short ? Limit(0) : limit)) {
      const auto watch = watches_.find(ready.token);
      if (watch == watches_.end()) continue;  // old (I4)
      // Kept alive, since it may unwatch itself while it runs.
      const std::shared_ptr<Watcher> watcher = watch->second.watcher;
      (*watcher)(ready);
    }
    run_posted();
    in_round_ = false;
  }
  //<

  [[nodiscard]] TimePoint now() { return poller_.now(); }
  void wake() { poller_.wake(); }
  [[nodiscard]] P& poller() { return poller_; }

 private:
  struct Watch {
    int descriptor;
    std::shared_ptr<Watcher> watcher;
  };

  //> region run_posted
  // Runs what was posted until now. What these handlers post themselves waits for the next
  // round, so that descriptors get their turn.
  void run_posted() {
    {
      const std::scoped_lock lock(mutex_);
      std::move(posted_.begin(), posted_.end(), std::back_inserter(batch_));
      posted_.clear();
    }
    while (!batch_.empty()) {
      const Handler handler = std::move(batch_.front());
      batch_.pop_front();
      handler();
    }
  }
  //<

  [[nodiscard]] bool stopped() const {
    const std::scoped_lock lock(mutex_);
    return stopped_;
  }

  // Written by any thread that holds mutex_.
  mutable std::mutex mutex_;
  std::deque<Handler> posted_;
  bool stopped_ = false;

  // Written by the loop's thread.
  std::unordered_map<std::uint64_t, Watch> watches_;
  std::deque<Handler> batch_;  // taken from posted_, still to run
  bool in_round_ = false;
  std::uint64_t last_token_ = 0;
  P poller_;
};
