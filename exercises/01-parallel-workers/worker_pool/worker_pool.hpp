// A pool of workers that share one queue of jobs of any result type.
//
//                    +--> worker 1 --+
//   submit --> jobs_ +--> worker 2 --+--> std::future
//                    +--> worker 3 --+
//
// Threads     submit: any thread, jobs included. wait_idle: any thread except a worker.
//             drain, cancel and the destructor: the pool's owner.
// Progress    Blocking. A worker without a job sleeps. No lock is held while a job runs
//             or is destroyed, so a job may call submit.
//
// Invariants
//   I1  jobs_, running_ and closed_ are read and written only while mutex_ is held.
//   I2  running_ counts the jobs taken from jobs_ that have not ended. A job is in jobs_
//       or counted in running_ from its submit to its end: there is no moment between.
//   I3  Once closed_ is true it stays true, and no job enters jobs_.
//   I4  The thread that makes a waiting thread's condition true notifies it afterwards.
//
// Edges       All are mutex_'s, but for the result, which is the future's:
//   START   submit unlocks mutex_           -->  the worker that takes the job locks it
//   RESULT  the job stores what it returns  -->  future::get returns
//   IDLE    a worker, its job ended, unlocks mutex_  -->  wait_idle locks it and returns
//
// Left out    Priorities, one queue per worker (lesson 12), stealing (lesson 11).
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "course/todo.hpp"

class WorkerPool {
 public:
  // Starts `workers` threads, at least 1.
  explicit WorkerPool(unsigned workers) {
    try {
      for (unsigned i = 0; i < workers; ++i) workers_.emplace_back([this] { work(); });
    } catch (...) {
      drain();
      throw;
    }
  }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Drains the pool.
  ~WorkerPool() { drain(); }

  // Queues `job` for a worker and returns at once. The future gives the job's result or
  // rethrows its exception. After drain or cancel the job is dropped, and its future
  // throws std::future_error with broken_promise.
  template <typename Job>
  [[nodiscard]] auto submit(Job job) -> std::future<std::invoke_result_t<Job&>> {
    // TODO 1: queue a task that keeps the job's result or exception for its future
    course::todo(1, job);
  }

  // Waits until no job is queued or running and the pool has let go of those that ran.
  // Jobs that are submitted meanwhile are waited for too.
  void wait_idle() {
    // TODO 2: wait until no job is queued or running; workers keep count
    course::todo(2, running_);
  }

  // Accepts no more jobs, runs those that are queued; returns when every worker ended.
  void drain() {
    close();
    workers_.clear();
  }

  // Accepts no more jobs, drops those that are queued; returns when every worker ended.
  // A job that runs is finished. The future of a dropped job throws broken_promise at
  // once, even while another job still runs.
  void cancel() {
    // TODO 3: close; under the lock take the jobs and wake wait_idle; destroy them after it
    course::todo(3);
  }

 private:
  // What each worker does until the pool is closed and its queue is empty.
  void work() {
    // TODO 1: take job after job, oldest first, and run each without holding the lock
    course::todo(1);
  }

  // Lets no job in from now on, and lets each worker end once the queue is empty.
  void close() {
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
    }
    job_ready_.notify_all();
  }

  // Written by any thread that holds mutex_.
  std::mutex mutex_;
  std::condition_variable job_ready_;  // workers wait here for a job or the end
  std::condition_variable idle_;       // wait_idle waits here
  std::deque<std::function<void()>> jobs_;
  unsigned running_ = 0;
  bool closed_ = false;

  // Written by the owner. Last, so that it is destroyed first: that joins the workers.
  std::vector<std::jthread> workers_;
};
