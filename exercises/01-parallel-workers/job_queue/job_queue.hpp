// A bounded queue of jobs, from leaders that push to workers that pop.
//
//      push --> [ 5 4 3 ] --> pop            at most `capacity` jobs wait here
//   waits while full       waits while empty
//
// Threads     push, pop, close, size: any thread. Construct and destroy while no call is
//             running.
// Progress    Blocking. A thread that waits sleeps; it does not spin.
//
// Invariants
//   I1  jobs_ and closed_ are read and written only while mutex_ is held.
//   I2  jobs_ holds at most capacity_ jobs, oldest in front.
//   I3  Once closed_ is true it stays true, and jobs_ only shrinks.
//   I4  The thread that makes a waiting thread's condition true notifies it afterwards.
//
// Edges       All of them are mutex_'s: each unlock happens before the next lock. So what
//             a leader wrote before push(job), the worker whose pop returned `job` sees.
//
// Errors      push throws std::bad_alloc if there is no memory for the job. If it had waited
//             for room, that room is then left to the next leader that comes: of those that
//             wait, none is woken before the next pop. Moving a job must not throw.
//
// Left out    Giving up after a time; taking several jobs at once.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include "course/todo.hpp"

template <typename Job>
class JobQueue {
 public:
  static_assert(std::is_nothrow_move_constructible_v<Job>);

  // `capacity` is at least 1.
  explicit JobQueue(std::size_t capacity) : capacity_(capacity) {}
  JobQueue(const JobQueue&) = delete;
  JobQueue& operator=(const JobQueue&) = delete;

  // Appends `job`, waiting for room while the queue is full. Returns false, and drops
  // `job`, if the queue is closed, even if it was closed during the wait.
  bool push(Job job) {
    // TODO 1: wait for room, append the job, wake a worker that waits for one
    course::todo(1, job);
  }

  // Takes the oldest job, waiting while there is none. Returns nullopt once the queue is
  // closed and empty, and from then on.
  [[nodiscard]] std::optional<Job> pop() {
    // TODO 1: wait for a job, take the oldest, wake a leader that waits for room
    course::todo(1);
  }

  // No job is accepted from now on; those already queued can still be popped. Calling it
  // again changes nothing.
  void close() {
    // TODO 2: close the queue, wake every thread that waits; push and pop must know
    course::todo(2);
  }

  // Jobs waiting now; another thread may have changed it by the time you look.
  [[nodiscard]] std::size_t size() const {
    const std::scoped_lock lock(mutex_);
    return jobs_.size();
  }

 private:
  const std::size_t capacity_;

  // Written by any thread that holds mutex_.
  mutable std::mutex mutex_;
  std::condition_variable not_full_;   // leaders wait here while the queue is full
  std::condition_variable not_empty_;  // workers wait here while it is empty
  std::deque<Job> jobs_;
  bool closed_ = false;
};
