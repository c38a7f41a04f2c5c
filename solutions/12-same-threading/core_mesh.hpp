// Cores that ask each other: a ring for each ordered pair, a bell for each core.
//
//   core 0 --submit_to(1, call)--> [ring 0 to 1] --poll--> core 1: call.serve()
//   core 0: call.answered() <--poll-- [ring 1 to 0] <------------'
//
//      core 0 is home to the call: it began there, and there it ends
//
// Threads     submit_to, poll, serve_until, leave: a core's own thread, which gives its number.
//             cores: any thread. Construct: the owner. Destroy: the owner, once every core has
//             returned from leave.
// Progress    submit_to and poll are wait-free while there is room, but for what calls do
//             themselves. A core that waits sleeps. A core that is awake costs another one a
//             fence and a look at its bell for each poll, not for each message; no lock, no
//             call to the system.
//
// Invariants
//   I1  The ring from a core to another is pushed by the first and popped by the second.
//   I2  A core has at most `limit` calls under way to each other core. A ring has room for
//       those, and for the answers to as many of the other's: pushing never fails, and no core
//       ever waits for another to empty a ring.
//   I3  A core that waits, for room, for an answer or for the others to leave, polls.
//   I4  asleep_ of a bell is set by its core, before that looks for the last time, and cleared
//       by a core that rings, or by itself.
//   I5  A call is its home's, but from submit_to until it is in the ring back: then it is
//       the served core's. The mesh owns no call.
//   I6  A core that has pushed rings the other's bell before its poll returns, and does not
//       sleep in between. What it submitted since is rung for by its next poll.
//   I7  A core that has left submits nothing, and has nothing under way. Once all have left no
//       message is on its way.
//
// Edges       FILL of each ring: a call, and its answer, with the pointer to it. Besides these
//   BELL    two cores each write one thing and then read the other's: one sets its asleep_ and
//           looks into its rings, the other pushes and looks at asleep_. At least one must see
//           what the other wrote: only one order of all four, seq_cst, says so.
//   LEAVE   each core adds to left_  -->  every core that sees all of them gone
//
// Left out    Starting and pinning the threads: the lesson's reference, or your own.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <pair_ring.hpp>  // the lesson's: one producer, one consumer
#include <utility>
#include <vector>

// What one core asks of another. It lives at least from submit_to until answered() begins;
// its home decides how.
class Call {
 public:
  // Called by the core that was asked. May submit calls of its own.
  virtual void serve() noexcept = 0;

  // Called by its home, after that: sees all that serve() wrote. May submit, and may destroy
  // the call.
  virtual void answered() noexcept = 0;

  // The core that submitted it.
  [[nodiscard]] std::size_t home() const noexcept { return home_; }

 protected:
  Call() = default;
  ~Call() = default;
  Call(const Call&) = default;
  Call& operator=(const Call&) = default;

 private:
  friend class CoreMesh;
  std::size_t home_ = 0;  // written by submit_to
};

// Where a core sleeps until another one rings.
class Bell {
 public:
  // The bell's own core: sleeps until it is rung for, unless `ready()` says that there is
  // something to do. May return for no reason: look again.
  template <typename Ready>
  void sleep_unless(Ready ready) {
    //> step 1(ready, asleep_): say that you sleep, look for the last time, and only then sleep
    asleep_.store(1, std::memory_order_relaxed);
    // BELL, seq_cst: the store before comes first, then every look behind, for each core that
    // has a fence of its own between a push and a look at asleep_.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (ready()) {
      asleep_.store(0, std::memory_order_relaxed);
    } else {
      // relaxed: a core that is woken polls, and the rings have the edges that it needs.
      asleep_.wait(1, std::memory_order_relaxed);
    }
    //<
  }

  // Any other core, after it has pushed: wakes the bell's core if it sleeps.
  void ring() {
    //> step 1(asleep_): look for a sleeper; after the push, and in one order with it
    // BELL, seq_cst: the push comes before this look.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (asleep_.load(std::memory_order_relaxed) == 0) return;
    asleep_.store(0, std::memory_order_relaxed);
    asleep_.notify_one();
    //<
  }

 private:
  // Written by its core (1 and 0) and by those that ring (0). An int, because that is what
  // Linux can wait for without a detour.
  std::atomic<int> asleep_ = 0;
};

class CoreMesh {
 public:
  // `cores` and `limit` are at least 1: of its calls to one other core, each core has at most
  // `limit` under way.
  CoreMesh(std::size_t cores, std::size_t limit) : limit_(limit) {
    for (std::size_t core = 0; core < cores; ++core) {
      cores_.push_back(std::make_unique<Core>(cores));
    }
    for (std::size_t pair = 0; pair < cores * cores; ++pair) {
      rings_.push_back(std::make_unique<PairRing<Call>>(2 * limit));
    }
  }

  CoreMesh(const CoreMesh&) = delete;
  CoreMesh& operator=(const CoreMesh&) = delete;

  [[nodiscard]] std::size_t cores() const noexcept { return cores_.size(); }

  // Core `from`: has `call` served by core `to`, and answered here, by a later poll. Polls
  // while there are `limit` under way to that core. If `to` sleeps, it is woken by the next
  // poll of `from`, its own or one in serve_until or leave, for all that was submitted until
  // then. To itself: served and answered at once. False, and `call` stays untouched, if this
  // core has left.
  [[nodiscard]] bool submit_to(std::size_t from, std::size_t to, Call& call) {
    //> step 2(from, to, call): send it on its way; step 4 adds the room
    Core& home = *cores_[from];
    if (home.left) return false;
    if (from == to) {
      call.serve();
      call.answered();
      return true;
    }
    // A loop in serve_until: what is served meanwhile may submit too, and take the room.
    serve_until(from, [&] { return home.under_way[to] < limit_; });
    ++home.under_way[to];
    call.home_ = from;
    send(from, to, call);
    return true;
    //<
  }

  // Core `core`: serves what others asked and ends what was answered, as much as is there, and
  // rings for all that it has sent. False if nothing was there.
  bool poll(std::size_t core) {
    //> step 2(core, limit_): from each ring what it has room for, no more; then ring the bells
    bool found = false;
    for (std::size_t from = 0; from < cores(); ++from) {
      // At most a ring full of each: a core that never stops asking does not keep the others
      // waiting.
      for (std::size_t count = 0; count < 2 * limit_; ++count) {
        Call* const call = ring(from, core).try_pop();
        if (call == nullptr) break;
        take(core, from, *call);
        found = true;
      }
    }
    ring_bells(*cores_[core]);
    return found;
    //<
  }

  // Core `core`: polls, and sleeps when there is nothing, until `done()`. What makes it true
  // must come from a call that is served or answered here. No poll if `done()` is true already.
  template <typename Done>
  void serve_until(std::size_t core, Done done) {
    //> step 2(core, done): poll while there is something, else sleep
    while (!done()) {
      if (poll(core)) continue;
      cores_[core]->bell.sleep_unless([&] { return done() || has_message(core); });
    }
    //<
  }

  // Core `core`: submits nothing from now on, waits for its answers, and serves until every
  // core has left. Once for each core.
  void leave(std::size_t core) {
    //> step 3(core, left_): first your own answers, then the others' requests
    Core& own = *cores_[core];
    serve_until(core, [&] {
      for (const std::size_t count : own.under_way) {
        if (count > 0) return false;
      }
      return true;
    });
    own.left = true;
    // acq_rel: what each core did before it left happens before all that follows.
    if (left_.fetch_add(1, std::memory_order_acq_rel) + 1 == cores()) {
      for (const auto& other : cores_) other->bell.ring();
    }
    serve_until(core, [&] { return left_.load(std::memory_order_acquire) == cores(); });
    //<
  }

 private:
  // Of x86-64 and of most arm64, in bytes.
  static constexpr std::size_t kCacheLine = 64;

  struct Core {
    explicit Core(std::size_t cores) : under_way(cores), to_ring(cores) {}

    // Written by the core's own thread.
    std::vector<std::size_t> under_way;  // its calls that are not answered yet, by core
    std::vector<char> to_ring;  // whether it has sent to a core, and not rung yet
    bool left = false;

    // Written by all.
    alignas(kCacheLine) Bell bell;
  };

  [[nodiscard]] PairRing<Call>& ring(std::size_t from, std::size_t to) const {
    return *rings_[from * cores() + to];
  }

  // Whether a message waits for `core`.
  [[nodiscard]] bool has_message(std::size_t core) const {
    for (std::size_t from = 0; from < cores(); ++from) {
      if (!ring(from, core).empty()) return true;
    }
    return false;
  }

  //> hide
  // Puts `call`, on its way or its way back, into the ring. From then on it is the other
  // core's.
  void send(std::size_t from, std::size_t to, Call& call) {
    if (!ring(from, to).try_push(&call)) std::terminate();  // I2: there is room
    cores_[from]->to_ring[to] = 1;
  }

  // Wakes those to whom `own` has sent something, if they sleep.
  void ring_bells(Core& own) {
    for (std::size_t to = 0; to < cores(); ++to) {
      if (std::exchange(own.to_ring[to], 0) == 1) cores_[to]->bell.ring();
    }
  }

  // A message that came to `core`: its own call with the answer, or another's to be served.
  void take(std::size_t core, std::size_t from, Call& call) {
    if (call.home() == core) {
      --cores_[core]->under_way[from];
      call.answered();
    } else {
      call.serve();
      send(core, from, call);
    }
  }

  //<
  const std::size_t limit_;

  // Written by the constructor.
  std::vector<std::unique_ptr<Core>> cores_;
  std::vector<std::unique_ptr<PairRing<Call>>> rings_;  // from, then to

  // Written by each core that leaves.
  std::atomic<std::size_t> left_ = 0;
};
