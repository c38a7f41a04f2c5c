// Actors without a thread of their own: a few workers give a turn to each that has messages.
//
//   send --> [ inbox ] of an idle actor --activate--> [ run queue ] --> worker: one turn
//                                                           ^              |
//                  idle <-- nothing left --+-- more left ---'              |
//                                          '-------------------------------'
//
// Threads     send, failures, spawn: any thread, actors included. run: the worker whose turn
//             it is. Construct and destroy a pool: one thread, the owner.
// Progress    send is lock-free but for what activating an idle actor costs. Workers without
//             an actor sleep.
//
// Invariants
//   I1  active_ is true from the moment a thread decides to queue the actor to the end of its
//       last turn. The thread that changes it from false to true queues the actor, no other;
//       so the actor is in the run queue, or in one worker's hands, once.
//   I2  An actor that is not active has no message, or the thread that put the message in is
//       about to activate it.
//   I3  taken_ and what the behaviour owns belong to the worker whose turn it is.
//   I4  An actor handles at most kTurn messages while others wait for a worker.
//
// Edges
//   TURN   run stores active_ = false  -->  the exchange that makes it true; then the run
//          queue's, to the worker of the next turn
//   IDLE   Both sides write, then read: send puts a message in and reads active_; run stores
//          active_ = false and asks whether the inbox is empty. All four are seq_cst, so that
//          one of the two sees what the other wrote.
//
// Left out    Actors that end before their pool; a queue for each worker; priorities.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "inbox.hpp"
#include "run_queue.hpp"

template <typename Message>
class PooledActor final : public Runnable {
 public:
  using Behaviour = std::function<void(Message)>;

  // `ready` is where the actor queues for a worker.
  PooledActor(RunQueue& ready, Behaviour behaviour)
      : ready_(ready), behaviour_(std::move(behaviour)) {}

  // Leaves `message` for the actor and returns at once. Messages of one thread are handled in
  // the order in which it sent them.
  void send(Message message) {
    //> step 1(message): put it into the inbox; if the actor is idle, activate and queue it
    inbox_.put(std::move(message));
    // IDLE: put, then read. A busy actor's line is only read here: senders do not fight for it.
    if (!active_.load(std::memory_order_seq_cst) && activate()) ready_.push(*this);
    //<
  }

  // One turn: handles at most `limit` messages, oldest first. Returns whether the actor has
  // more and must be queued again; if not, it is idle, or another thread queued it again.
  [[nodiscard]] bool run(std::size_t limit) override {
    //> step 1(limit): handle up to `limit`; more: true; else go idle, and look once more
    for (std::size_t handled = 0; handled < limit && has_more(); ++handled) {
      handle(taken_.take());
    }
    if (has_more()) return true;
    // TURN, release: the next turn, perhaps on another worker, sees what this one wrote.
    // IDLE: write, then look. With release and acquire both sides could read old values: we
    // an empty inbox, the sender an active actor. The message would lie there for ever.
    active_.store(false, std::memory_order_seq_cst);
    return !inbox_.empty() && activate();
    //<
  }

  // How many messages ended in an exception. Exact for a thread that knows, by whatever the
  // actor did afterwards, that they were handled.
  [[nodiscard]] std::uint64_t failures() const {
    //> step 2(): what a message throws, of any type, is counted; the actor proceeds
    // relaxed: a count orders nothing.
    return failures_.load(std::memory_order_relaxed);
    //<
  }

 private:
  //> hide
  // Whether a message is at hand; fetches from the inbox if need be. In a turn only.
  [[nodiscard]] bool has_more() {
    if (taken_.empty() && !inbox_.empty()) taken_ = inbox_.take_all();
    return !taken_.empty();
  }

  void handle(Message message) {
    try {
      behaviour_(std::move(message));
    } catch (...) {
      // relaxed, and no read-modify-write: turns follow one another (I1).
      failures_.store(failures_.load(std::memory_order_relaxed) + 1,
                      std::memory_order_relaxed);
    }
  }

  // Whether the actor was idle; if so, the caller is the one to queue it (I1).
  [[nodiscard]] bool activate() {
    // TURN, acquire: the last turn's writes happen before the next turn.
    return !active_.exchange(true, std::memory_order_acquire);
  }

  //<
  // Written at construction only.
  RunQueue& ready_;
  const Behaviour behaviour_;

  // Written by any thread.
  Inbox<Message> inbox_;
  std::atomic<bool> active_ = false;

  // Written by the worker whose turn it is.
  Letters<Message> taken_;  // out of the inbox, not yet handled
  std::atomic<std::uint64_t> failures_ = 0;
};

class ActorPool {
 public:
  // The most messages that an actor handles in one turn.
  static constexpr std::size_t kTurn = 64;

  // Starts `workers` threads, at least 1, whatever the number of actors.
  explicit ActorPool(unsigned workers) {
    //> step 3(workers): start the threads; if one cannot start, end the others, and throw
    try {
      for (unsigned i = 0; i < workers; ++i) workers_.emplace_back([this] { work(); });
    } catch (...) {
      ready_.close();
      throw;
    }
    //<
  }
  ActorPool(const ActorPool&) = delete;
  ActorPool& operator=(const ActorPool&) = delete;

  // Handles every message that was sent, and those that are sent meanwhile by actors; then
  // ends the threads, then the actors.
  ~ActorPool() { ready_.close(); }

  // Makes an actor, which lives as long as the pool.
  template <typename Message>
  PooledActor<Message>& spawn(typename PooledActor<Message>::Behaviour behaviour) {
    auto actor = std::make_unique<PooledActor<Message>>(ready_, std::move(behaviour));
    PooledActor<Message>& spawned = *actor;
    const std::scoped_lock lock(mutex_);
    actors_.push_back(std::move(actor));
    return spawned;
  }

 private:
  // What each thread does until the pool ends.
  void work() {
    //> step 3(): turn after turn, each of kTurn messages; one that has more queues behind the rest
    RunQueue::Worker worker(ready_);
    while (Runnable* const actor = worker.next()) {
      if (actor->run(kTurn)) ready_.push(*actor);
    }
    //<
  }

  RunQueue ready_;

  // Written by any thread that holds mutex_.
  std::mutex mutex_;
  std::vector<std::unique_ptr<Runnable>> actors_;

  // Written by the owner. Last, so that it is destroyed first: that joins the workers.
  std::vector<std::jthread> workers_;
};
