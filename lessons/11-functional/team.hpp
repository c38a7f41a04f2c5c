// A leader and its workers around one stack of calls: a thread that waits takes one of them.
//
//   fork(call) --> [ calls_ ] --help--> call.run()      any thread of the team, the leader too
//                      |
//                  rest(over)  sleeps until there is a call, or `over` is true
//
// Threads     fork, help, rest, wake: the leader, which is the thread that built the team,
//             and calls that run. Construct and destroy: the leader, with no call waiting.
// Progress    rest blocks; the others wait for nothing but the lock.
//
// Invariants
//   I1  calls_ is read and written only while mutex_ is held.
//   I2  A call leaves calls_ once, for the one thread that runs it.
//   I3  No lock is held while a call runs: it may fork, help and rest itself.
//   I4  What a resting thread waits for is true first; the notify comes after, and the lock
//       is taken between the two.
//
// Edges       FORK  fork unlocks mutex_             -->  help, of the thread that runs it, locks it
//             OVER  a call stores true in `over`    -->  rest loads it
//
// Left out    A stack for each thread, and stealing: stealing_team.hpp.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

// Something to run once. The team only borrows it: the thread that forks it keeps it
// alive to its end.
class Call {
 public:
  // Lets no exception out: nothing would be there to catch it.
  virtual void run() noexcept = 0;

 protected:
  Call() = default;
  ~Call() = default;
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
};

class Team {
 public:
  // The calling thread, as the leader, and `workers` more; there may be none.
  explicit Team(unsigned workers) {
    try {
      for (unsigned i = 0; i < workers; ++i) workers_.emplace_back([this] { work(); });
    } catch (...) {
      end();
      throw;
    }
  }
  ~Team() { end(); }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  // Lets any thread of the team run `call`, once, and returns at once.
  void fork(Call& call) {
    {
      const std::scoped_lock lock(mutex_);
      calls_.push_back(&call);
    }
    // All, not one: the one that is woken may rest for its `over`, and leave.
    changed_.notify_all();
  }

  // Runs the call that was forked last, if one waits; says whether there was one.
  bool help() {
    Call* call = nullptr;
    {
      const std::scoped_lock lock(mutex_);
      if (calls_.empty()) return false;
      call = calls_.back();
      calls_.pop_back();
    }
    call->run();
    return true;
  }

  // Sleeps until a call waits or `over` is true. May return for no reason.
  void rest(const std::atomic<bool>& over) {
    std::unique_lock lock(mutex_);
    // OVER, acquire: what was done before it became true is done for the thread that rested.
    changed_.wait(
        lock, [&] { return !calls_.empty() || over.load(std::memory_order_acquire); });
  }

  // Wakes the threads that rest: call it after their `over` became true.
  void wake() {
    // Passing through the lock puts the notify behind the look of a thread that is about to
    // sleep (I4).
    { const std::scoped_lock lock(mutex_); }
    changed_.notify_all();
  }

 private:
  void work() {
    // OVER, acquire: as in rest.
    while (!ended_.load(std::memory_order_acquire)) {
      if (!help()) rest(ended_);
    }
  }

  void end() {
    // OVER, release: pairs with work and rest.
    ended_.store(true, std::memory_order_release);
    wake();
    workers_.clear();
  }

  // Written by any thread that holds mutex_.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Call*> calls_;

  // Written by the leader. workers_ last, so that it is destroyed first.
  std::atomic<bool> ended_ = false;
  std::vector<std::jthread> workers_;
};
