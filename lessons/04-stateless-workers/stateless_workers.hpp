// Workers that keep nothing: what a job needs is read from a store, what it changes is
// written back, and between two jobs a worker remembers nothing.
//
//                           +--> worker 1 --+   read ------------> [ store           ]
//   leader --submit--> jobs_ --> worker 2 --+   compute            [ key -> version, ]
//                        ^  +--> worker 3 --+   compare_and_set -> [        value    ]
//                        |                  |
//                        +---- conflict ----+   somebody was faster: the job starts over
//
// Threads     submit, conflicts: any thread. Construct and destroy: one thread, the
//             leader. The store outlives the workers.
// Progress    Of the jobs that change the same key at the same time, one always succeeds.
//
// Invariants
//   I1  jobs_, closed_ and conflicts_ are read and written only while mutex_ is held.
//   I2  A job is in jobs_ or in one worker's hands until its future has its result.
//   I3  A worker has no field that outlives a job: any worker can do any job, also one
//       that another worker began.
//   I4  What a job writes was computed from the version that it replaces.
//
// Edges       Between jobs: the store's. Otherwise those of lesson 1.
//
// Left out    Trying again on the spot, with a limit and a pause (exercise 4.1); a store
//             that outlives the process (exercise 4.2).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "store.hpp"

// What a job makes of the value that it finds.
using Change = std::function<std::string(const std::string&)>;

class StatelessWorkers {
 public:
  // Throws StoreError if the store cannot be reached, std::system_error if a thread cannot
  // be started; those that were have ended.
  StatelessWorkers(Store& store, unsigned workers) {
    for (unsigned i = 0; i < workers; ++i) sessions_.push_back(store.connect());
    try {
      for (const auto& session : sessions_) {
        workers_.emplace_back([this, &session = *session] { work(session); });
      }
    } catch (...) {
      close();  // or the workers' jthreads would wait for their end for ever
      throw;
    }
  }

  // Does the jobs that are still queued, then ends the workers.
  ~StatelessWorkers() { close(); }

  StatelessWorkers(const StatelessWorkers&) = delete;
  StatelessWorkers& operator=(const StatelessWorkers&) = delete;

  // Queues a job that replaces the value under `key`. The future says what it wrote, or
  // throws what `change` or the store threw. `change` may be called several times, each
  // time with a newer value.
  [[nodiscard]] std::future<Versioned> submit(std::string key, Change change) {
    Job job{std::move(key), std::move(change), {}};
    std::future<Versioned> written = job.written.get_future();
    queue(job, 0);
    return written;
  }

  // How often a job started over.
  [[nodiscard]] std::uint64_t conflicts() const {
    const std::scoped_lock lock(mutex_);
    return conflicts_;
  }

 private:
  void close() {
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
    }
    job_ready_.notify_all();
  }

  struct Job {
    std::string key;
    Change change;
    std::promise<Versioned> written;
  };

  //> region work
  // The whole life of a worker. Whatever `attempt` learned is gone when it returns.
  void work(Session& session) {
    while (std::optional<Job> job = take()) {
      try {
        std::optional<Versioned> written = attempt(session, *job);
        if (written) {
          job->written.set_value(std::move(*written));
        } else {
          queue(*job, 1);
        }
      } catch (...) {
        job->written.set_exception(std::current_exception());
      }
    }
  }

  // Does `job` from what the store says now; nothing if somebody else was faster.
  static std::optional<Versioned> attempt(Session& session, const Job& job) {
    const Versioned seen = session.read(job.key);
    std::string value = job.change(seen.value);
    if (!session.compare_and_set(job.key, seen.version, value)) return std::nullopt;
    return Versioned{std::move(value), seen.version + 1};
  }
  //<

  // The oldest job; nothing once the queue is closed and empty. A worker that holds a job
  // may still put it back, and will then take it itself.
  std::optional<Job> take() {
    std::unique_lock lock(mutex_);
    job_ready_.wait(lock, [this] { return !jobs_.empty() || closed_; });
    if (jobs_.empty()) return std::nullopt;
    std::optional<Job> job(std::move(jobs_.front()));
    jobs_.pop_front();
    return job;
  }

  // Takes what is in `job`, unless there is no memory for it: then it throws, and the job is
  // still whole, for its future to be told.
  void queue(Job& job, unsigned conflicts) {
    {
      const std::scoped_lock lock(mutex_);
      jobs_.push_back(std::move(job));
      conflicts_ += conflicts;
    }
    job_ready_.notify_one();
  }

  // Written by any thread that holds mutex_.
  mutable std::mutex mutex_;
  std::condition_variable job_ready_;
  std::deque<Job> jobs_;
  std::uint64_t conflicts_ = 0;
  bool closed_ = false;

  // Written by the leader. Workers last, so that they end before what they use.
  std::vector<std::unique_ptr<Session>> sessions_;
  std::vector<std::jthread> workers_;
};
