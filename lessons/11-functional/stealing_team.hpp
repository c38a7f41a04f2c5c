// A team whose threads have a deque of calls each, and steal from one another.
//
//   leader    fork --> [ deque 0 ] --> help: its own newest call
//                          |
//                          +--> help of a thread that has none of its own: the oldest call
//   worker 1  fork --> [ deque 1 ] --> ...
//
// Threads     As in team.hpp. A deque is pushed to and popped by its own thread alone.
// Progress    fork and help wait for what the deque waits for: for nothing with that of
//             exercise 11.2. fork takes a lock only while another thread sleeps.
//
// Invariants
//   I1  A call is in one deque, from its fork to the one help that runs it.
//   I2  A thread sleeps only after it has counted itself in sleepers_ and then seen every
//       deque empty and its `over` false.
//   I3  wakes_ is read and written only while mutex_ is held, and only grows.
//
// Edges       FORK   the deque's own, from its push to the pop or steal that takes the call
//             OVER   a call stores true in `over`  -->  rest loads it
//             SLEEP  fork: push, fence, look at sleepers_. rest: sleepers_, fence, look at the
//                    deques. Whichever fence is first, the other thread sees what stands
//                    before it: no thread sleeps beside a call. The same for `over` and wake.
//
// Left out    Choosing the victim by chance, or by its distance; keeping a thread on a core.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "team.hpp"

// `Deque` holds Call*: push and pop for its owner, steal and empty for all.
template <typename Deque>
class StealingTeam {
 public:
  // The calling thread, as the leader, and `workers` more; there may be none.
  explicit StealingTeam(unsigned workers) : seats_(std::size_t{workers} + 1) {
    try {
      for (std::size_t seat = 1; seat <= workers; ++seat) {
        workers_.emplace_back([this, seat] { work(seat); });
      }
    } catch (...) {
      end();
      throw;
    }
  }
  ~StealingTeam() { end(); }
  StealingTeam(const StealingTeam&) = delete;
  StealingTeam& operator=(const StealingTeam&) = delete;

  // Lets any thread of the team run `call`, once, and returns at once.
  void fork(Call& call) {
    seats_[seat_of_this_thread()].calls.push(&call);
    wake();
  }

  // Runs this thread's newest call, or another thread's oldest; says whether there was one.
  bool help() {
    const std::size_t mine = seat_of_this_thread();
    std::optional<Call*> call = seats_[mine].calls.pop();
    for (std::size_t i = 1; !call && i < seats_.size(); ++i) {
      call = seats_[(mine + i) % seats_.size()].calls.steal();
    }
    if (!call) return false;
    (*call)->run();
    return true;
  }

  // Waits until a call can be had or `over` is true: looks for a moment, then sleeps. May
  // return for no reason.
  void rest(const std::atomic<bool>& over) {
    for (int look = 0; look < kLooks; ++look) {
      if (need_not_rest(over)) return;
      std::this_thread::yield();
    }
    std::unique_lock lock(mutex_);
    // SLEEP: relaxed, because the fence orders it before the looks.
    sleepers_.fetch_add(1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const std::uint64_t before = wakes_;
    if (!need_not_rest(over)) woken_.wait(lock, [&] { return wakes_ != before; });
    // relaxed: a thread that still counts this one wakes in vain, which costs a lock.
    sleepers_.fetch_sub(1, std::memory_order_relaxed);
  }

  // Wakes the threads that sleep: call it after their `over` became true.
  void wake() {
    // SLEEP: relaxed behind the fence, which orders it after the call or the `over`.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (sleepers_.load(std::memory_order_relaxed) == 0) return;
    {
      const std::scoped_lock lock(mutex_);
      ++wakes_;
    }
    woken_.notify_all();
  }

 private:
  // How often a thread that finds nothing looks again, one yield apart, before it sleeps:
  // about as long as falling asleep and being woken takes.
  static constexpr int kLooks = 64;

  // On cache lines of its own: thieves look at one deque while its owner works at it.
  struct alignas(64) Seat {
    Deque calls;
  };

  // Which team the running thread works in, and at which of its seats.
  struct Place {
    const StealingTeam* team = nullptr;
    std::size_t seat = 0;
  };
  static inline thread_local Place place_;

  // A thread that is not one of the workers is the leader.
  [[nodiscard]] std::size_t seat_of_this_thread() const {
    return place_.team == this ? place_.seat : 0;
  }

  [[nodiscard]] bool need_not_rest(const std::atomic<bool>& over) const {
    // OVER, acquire: what was done before it became true is done for the thread that rested.
    if (over.load(std::memory_order_acquire)) return true;
    for (const Seat& seat : seats_) {
      if (!seat.calls.empty()) return true;
    }
    return false;
  }

  void work(std::size_t seat) {
    place_ = {this, seat};
    // OVER, acquire: as in need_not_rest.
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

  // Each written by the thread of that seat, and by the thieves.
  std::vector<Seat> seats_;

  // Written by the threads that sleep and those that wake them; wakes_ under mutex_.
  alignas(64) std::atomic<int> sleepers_ = 0;
  std::mutex mutex_;
  std::condition_variable woken_;
  std::uint64_t wakes_ = 0;

  // Written by the leader. workers_ last, so that it is destroyed first.
  std::atomic<bool> ended_ = false;
  std::vector<std::jthread> workers_;
};
