// A leader's queue of jobs and the workers that take them: each worker does a whole job.
//
//                          +--> worker 1 --+
//   leader --submit--> jobs_ --> worker 2 --+--> std::future --> whoever asked
//                          +--> worker 3 --+
//
// Threads     submit: any thread. Construct and destroy: one thread, the leader.
// Progress    submit waits for nothing but the lock. A worker without a job sleeps.
//
// Invariants
//   I1  jobs_ and closed_ are read and written only while mutex_ is held.
//   I2  A job leaves jobs_ once, for one worker, which runs it to its end.
//   I3  jobs_ and closed_ change first, the notify comes after.
//
// Edges       SUBMIT  submit unlocks mutex_  -->  the worker that takes the job locks it
//             RESULT  the job returns        -->  future::get returns
//
// Left out    A limit to the queue (exercise 1.1); several result types, waiting for all,
//             cancelling (exercise 1.2).
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

template <typename Result>
class ParallelWorkers {
 public:
  // Throws std::system_error if a thread cannot be started; those that were have ended.
  explicit ParallelWorkers(unsigned workers) {
    try {
      for (unsigned i = 0; i < workers; ++i) workers_.emplace_back([this] { work(); });
    } catch (...) {
      close();  // or the workers' jthreads would wait for their end for ever
      throw;
    }
  }

  // Runs the jobs that are still queued, then ends the workers.
  ~ParallelWorkers() { close(); }

  ParallelWorkers(const ParallelWorkers&) = delete;
  ParallelWorkers& operator=(const ParallelWorkers&) = delete;

  //> region submit
  // Queues `job` and returns at once. The future gives its result, or throws what it
  // threw.
  [[nodiscard]] std::future<Result> submit(std::function<Result()> job) {
    std::packaged_task<Result()> task(std::move(job));
    std::future<Result> result = task.get_future();
    {
      const std::scoped_lock lock(mutex_);
      jobs_.push_back(std::move(task));
    }
    job_ready_.notify_one();
    return result;
  }
  //<

 private:
  void close() {
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
    }
    job_ready_.notify_all();
  }

  //> region work
  // The whole life of a worker: take the oldest job, do all of it, come back.
  void work() {
    while (true) {
      std::unique_lock lock(mutex_);
      job_ready_.wait(lock, [this] { return !jobs_.empty() || closed_; });
      if (jobs_.empty()) return;
      std::packaged_task<Result()> job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
    }
  }
  //<

  // Written by any thread that holds mutex_.
  std::mutex mutex_;
  std::condition_variable job_ready_;
  std::deque<std::packaged_task<Result()>> jobs_;
  bool closed_ = false;

  // Written by the leader. Last, so that it is destroyed first: that joins the workers.
  std::vector<std::jthread> workers_;
};
