// The actors that have messages, and the workers that give each of them a turn.
//
//   push(actor) --> [ ready: actor 3, actor 1 ] --next--> worker: one turn of actor 3
//                            ^                                      |
//                            '------- push again: it has more ------'
//
// Threads     push, close: any thread. A Worker belongs to the thread that made it.
// Progress    Blocking: under a lock for a few instructions. A worker without an actor
//             sleeps. A push wakes one if one sleeps.
//
// Invariants
//   I1  first_, last_, running_, asleep_ and closed_ are read and written only while mutex_
//       is held.
//   I2  An actor is in the queue at most once: the caller sees to it, and push checks it.
//   I3  running_ counts the turns that were given by `next` and have not ended.
//   I4  Once closed, workers end when no actor is ready and no turn is running: a turn may
//       make other actors ready.
//
// Edges       TURN  push unlocks mutex_  -->  next locks it and returns the actor
//
// Left out    A queue for each worker, stealing: solutions/07-actors says what they gain.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <stdexcept>
#include <utility>

// What can be given a turn.
class Runnable {
 public:
  Runnable() = default;
  Runnable(const Runnable&) = delete;
  Runnable& operator=(const Runnable&) = delete;
  virtual ~Runnable() = default;

  // Handles at most `limit` messages. Returns whether there are more: if so it must be
  // pushed again; if not, another thread may already have done so.
  [[nodiscard]] virtual bool run(std::size_t limit) = 0;

 private:
  friend class RunQueue;

  // Written by any thread that holds the queue's mutex_.
  bool is_ready_ = false;
  Runnable* next_ready_ = nullptr;
};

class RunQueue {
 public:
  RunQueue() = default;
  RunQueue(const RunQueue&) = delete;
  RunQueue& operator=(const RunQueue&) = delete;

  // Queues `actor` behind all others. Throws std::logic_error if it is queued already.
  void push(Runnable& actor) {
    bool wake = false;
    {
      const std::scoped_lock lock(mutex_);
      if (std::exchange(actor.is_ready_, true)) {
        throw std::logic_error("an actor was queued that was queued already");
      }
      actor.next_ready_ = nullptr;
      if (last_ == nullptr) {
        first_ = &actor;
      } else {
        last_->next_ready_ = &actor;
      }
      last_ = &actor;
      wake = asleep_ > 0;
    }
    if (wake) ready_.notify_one();
  }

  // Has the workers end as soon as there is nothing left to do.
  void close() {
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
  }

  // One thread's way to the queue.
  class Worker {
   public:
    explicit Worker(RunQueue& queue) : queue_(queue) {}
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // Ends the turn that `next` gave before, and waits for the next actor that is ready.
    // Returns nullptr once the queue is closed and nothing is left to do.
    [[nodiscard]] Runnable* next() {
      std::unique_lock lock(queue_.mutex_);
      if (std::exchange(has_turn_, false)) --queue_.running_;
      queue_.wait_until_ready(lock);
      Runnable* const actor = queue_.take_first();
      has_turn_ = actor != nullptr;
      return actor;
    }

   private:
    RunQueue& queue_;
    bool has_turn_ = false;
  };

 private:
  // With mutex_ held.
  [[nodiscard]] bool is_over() const {
    return closed_ && first_ == nullptr && running_ == 0;
  }

  void wait_until_ready(std::unique_lock<std::mutex>& lock) {
    ++asleep_;
    ready_.wait(lock, [this] { return first_ != nullptr || is_over(); });
    --asleep_;
    if (is_over()) ready_.notify_all();  // I4: the others sleep, and nothing will come
  }

  // With mutex_ held. nullptr if none is ready; else a turn begins.
  [[nodiscard]] Runnable* take_first() {
    Runnable* const actor = first_;
    if (actor == nullptr) return nullptr;
    actor->is_ready_ = false;
    first_ = actor->next_ready_;
    if (first_ == nullptr) last_ = nullptr;
    ++running_;
    return actor;
  }

  // Written by any thread that holds mutex_.
  std::mutex mutex_;
  std::condition_variable ready_;
  Runnable* first_ = nullptr;
  Runnable* last_ = nullptr;
  std::size_t running_ = 0;
  std::size_t asleep_ = 0;
  bool closed_ = false;
};
