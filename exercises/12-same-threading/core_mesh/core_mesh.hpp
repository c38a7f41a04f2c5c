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

#include "course/todo.hpp"

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
    // TODO 1: say that you sleep, look for the last time, and only then sleep
    course::todo(1, ready, asleep_);
  }

  // Any other core, after it has pushed: wakes the bell's core if it sleeps.
  void ring() {
    // TODO 1: look for a sleeper; after the push, and in one order with it
    course::todo(1, asleep_);
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
    // TODO 2: send it on its way; step 4 adds the room
    course::todo(2, from, to, call);
  }

  // Core `core`: serves what others asked and ends what was answered, as much as is there, and
  // rings for all that it has sent. False if nothing was there.
  bool poll(std::size_t core) {
    // TODO 2: from each ring what it has room for, no more; then ring the bells
    course::todo(2, core, limit_);
  }

  // Core `core`: polls, and sleeps when there is nothing, until `done()`. What makes it true
  // must come from a call that is served or answered here. No poll if `done()` is true already.
  template <typename Done>
  void serve_until(std::size_t core, Done done) {
    // TODO 2: poll while there is something, else sleep
    course::todo(2, core, done);
  }

  // Core `core`: submits nothing from now on, waits for its answers, and serves until every
  // core has left. Once for each core.
  void leave(std::size_t core) {
    // TODO 3: first your own answers, then the others' requests
    course::todo(3, core, left_);
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

  const std::size_t limit_;

  // Written by the constructor.
  std::vector<std::unique_ptr<Core>> cores_;
  std::vector<std::unique_ptr<PairRing<Call>>> rings_;  // from, then to

  // Written by each core that leaves.
  std::atomic<std::size_t> left_ = 0;
};
