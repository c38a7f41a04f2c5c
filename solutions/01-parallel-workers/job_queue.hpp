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
    //> step 1(job): wait for room, append the job, wake a worker that waits for one
    {
      std::unique_lock lock(mutex_);
      not_full_.wait(lock, [this] { return jobs_.size() < capacity_ || closed_; });
      if (closed_) return false;
      jobs_.push_back(std::move(job));
    }
    not_empty_.notify_one();
    return true;
    //<
  }

  // Takes the oldest job, waiting while there is none. Returns nullopt once the queue is
  // closed and empty, and from then on.
  [[nodiscard]] std::optional<Job> pop() {
    //> step 1(): wait for a job, take the oldest, wake a leader that waits for room
    std::optional<Job> job;
    {
      std::unique_lock lock(mutex_);
      not_empty_.wait(lock, [this] { return !jobs_.empty() || closed_; });
      if (jobs_.empty()) return std::nullopt;
      job.emplace(std::move(jobs_.front()));
      jobs_.pop_front();
    }
    not_full_.notify_one();
    return job;
    //<
  }

  // No job is accepted from now on; those already queued can still be popped. Calling it
  // again changes nothing.
  void close() {
    //> step 2(): close the queue, wake every thread that waits; push and pop must know
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
    }
    not_full_.notify_all();
    not_empty_.notify_all();
    //<
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
