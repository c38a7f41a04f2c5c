// Tests of exercise 1.2. Each opens with its property; `explore` looks for the schedule
// that breaks it.
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <worker_pool.hpp>  // in <>, so that the include path decides whose it is

#include "course/step_test.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;

// Given once by one thread, waited for by others.
class Signal {
 public:
  void give() {
    const std::scoped_lock lock(mutex_);
    given_ = true;
    is_given_.notify_all();
  }

  void wait() {
    std::unique_lock lock(mutex_);
    is_given_.wait(lock, [this] { return given_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable is_given_;
  bool given_ = false;
};

// Jobs of few types, because every type is another `submit` for the compiler, and a verdict
// waits for the compiler.
using Job = std::function<void()>;

const Job nothing = [] {};

int seven() { return 7; }

int fail() { throw std::runtime_error("no paper"); }

int fail_with_a_number() { throw 7; }

// Can be moved, and not copied; what it returns likewise.
struct Greeting {
  std::unique_ptr<std::string> owned = std::make_unique<std::string>("hello");

  std::unique_ptr<std::string> operator()() { return std::move(owned); }
};

// What `future` throws, in words; "nothing" if it gives a result.
//
// Shared, because it then holds the exception until after the catch. libstdc++ counts an
// exception's owners where ThreadSanitizer does not look; a worker that lets go of it last
// would seem to race with the catch.
template <typename Result>
std::string thrown_by(std::future<Result> future) {
  const std::shared_future<Result> result = future.share();
  try {
    result.get();
    return "nothing";
  } catch (const std::future_error& error) {
    return error.code() == std::future_errc::broken_promise ? "broken_promise"
                                                            : error.what();
  } catch (const std::exception& error) {
    return error.what();
  } catch (int number) {
    return std::to_string(number);
  }
}

// Each future gives the result of its own job, whatever its type.
STEP_TEST(1, WorkerPool, ReturnsEachResult, "job order") {
  explore([] {
    WorkerPool pool(1);
    std::future<int> number = pool.submit(seven);
    std::future<std::unique_ptr<std::string>> text = pool.submit(Greeting());
    std::future<void> end = pool.submit(nothing);
    check(number.get() == 7, "the first future must give the first job's result");
    const std::unique_ptr<std::string> said = text.get();
    check(said && *said == "hello",
          "the second future must give the second job's result");
    end.get();
  });
}

// A job may own what cannot be copied.
STEP_TEST(1, WorkerPool, MovesJobs, "lifetime") {
  explore([] {
    WorkerPool pool(1);
    Greeting job;
    const std::unique_ptr<std::string> said = pool.submit(std::move(job)).get();
    check(said && *said == "hello", "the job must keep what it owns");
  });
}

// Two workers, two jobs: each job runs once.
STEP_TEST(1, WorkerPool, EachJobRunsOnce, "check then act") {
  explore([] {
    int first = 0;
    int second = 0;
    {
      WorkerPool pool(2);
      std::future<void> one = pool.submit(Job([&] { ++first; }));
      std::future<void> two = pool.submit(Job([&] { ++second; }));
      one.get();
      two.get();
    }
    check(first == 1 && second == 1, "each job must run exactly once");
  });
}

// What a job throws is thrown again by its future, and by nothing else.
STEP_TEST(1, WorkerPool, ExceptionReachesTheFuture, "exception safety") {
  explore([] {
    WorkerPool pool(1);
    const std::string thrown = thrown_by(pool.submit(fail));
    check(thrown == "no paper",
          "the future must throw what the job threw, not " + thrown);
  });
}

// A job may throw what is no std::exception.
STEP_TEST(1, WorkerPool, WhateverIsThrownReachesTheFuture, "exception safety") {
  explore([] {
    WorkerPool pool(1);
    const std::string thrown = thrown_by(pool.submit(fail_with_a_number));
    check(thrown == "7", "the future must throw the job's 7, not " + thrown);
  });
}

// After a job that throws, the only worker runs the next one.
STEP_TEST(1, WorkerPool, WorkerOutlivesAThrowingJob, "exception safety") {
  explore([] {
    WorkerPool pool(1);
    std::future<void> bad = pool.submit(Job(fail));
    std::future<int> good = pool.submit(seven);
    check(good.get() == 7, "the job after the one that threw must run");
  });
}

// Jobs run on the workers, not on the thread that submits them.
STEP_TEST(1, WorkerPool, JobsRunOnWorkers, "parallelism") {
  explore([] {
    WorkerPool pool(1);
    std::thread::id there;
    pool.submit(Job([&] { there = std::this_thread::get_id(); })).get();
    check(there != std::this_thread::get_id(), "submit must not run the job itself");
  });
}

// Two workers run two jobs at the same time: here each job waits for the other.
STEP_TEST(4, WorkerPool, WorkersRunAtTheSameTime, "lock held too long") {
  explore([] {
    Signal first_runs;
    Signal second_runs;
    WorkerPool pool(2);
    std::future<void> one = pool.submit(Job([&] {
      first_runs.give();
      second_runs.wait();
    }));
    std::future<void> two = pool.submit(Job([&] {
      second_runs.give();
      first_runs.wait();
    }));
    one.get();
    two.get();
  });
}

// A job may submit another job.
STEP_TEST(4, WorkerPool, AJobMaySubmitAJob, "lock held too long") {
  explore([] {
    WorkerPool pool(1);
    std::future<int> inner;
    pool.submit(Job([&] { inner = pool.submit(seven); })).get();
    check(inner.get() == 7, "the inner job must run too");
  });
}

// Submits a job that owns something which submits another as it dies.
void submit_job_that_submits_as_it_dies(WorkerPool& pool) {
  auto owned = std::shared_ptr<WorkerPool>(
      &pool, [](WorkerPool* alive) { static_cast<void>(alive->submit(nothing)); });
  // The future dies at once: it would keep the job alive.
  static_cast<void>(pool.submit(Job([owned = std::move(owned)] {})));
}

// No lock is held while a job that ran is destroyed: what it owns may submit as it dies.
STEP_TEST(4, WorkerPool, ADyingJobMaySubmitAJob, "lock held too long") {
  explore([] {
    WorkerPool pool(1);
    submit_job_that_submits_as_it_dies(pool);
  });
}

// The destructor runs what is queued before it returns.
STEP_TEST(3, WorkerPool, DestructorFinishesQueuedJobs, "shutdown") {
  explore([] {
    int ended = 0;
    std::future<void> one;
    std::future<void> two;
    {
      WorkerPool pool(1);
      one = pool.submit(Job([&] { ++ended; }));
      two = pool.submit(Job([&] { ++ended; }));
    }
    check(ended == 2, "a job that was queued when the pool was destroyed did not run");
  });
}

// submit never waits for the job that runs: one lock, no sleep.
STEP_TEST(4, WorkerPool, CostOfSubmitDuringAJob, "lock held too long") {
  explore([] {
    Signal started;
    std::future<void> ended;
    WorkerPool pool(1);
    std::future<void> slow = pool.submit(Job([&] {
      started.give();
      std::this_thread::yield();
    }));
    started.wait();
    {
      const interleave::Cost cost("submit");
      ended = pool.submit(nothing);
    }
    ended.get();
  });
}

// wait_idle returns after the end of every job, and its caller sees what they wrote.
STEP_TEST(2, WorkerPool, WaitIdleWaitsForRunningJobs, "check then act") {
  explore([] {
    int written = 0;
    WorkerPool pool(1);
    const std::future<void> job = pool.submit(Job([&] { written = 7; }));
    pool.wait_idle();
    check(written == 7, "wait_idle returned before the job had ended");
  });
}

// With nothing queued and nothing running, wait_idle returns at once.
STEP_TEST(2, WorkerPool, WaitIdleReturnsWhenThereIsNothingToDo, "lost wake-up") {
  explore([] {
    WorkerPool pool(1);
    pool.wait_idle();
    pool.submit(nothing).get();
    pool.wait_idle();
  });
}

// A job that threw has ended: wait_idle does not wait for it.
STEP_TEST(2, WorkerPool, WaitIdleCountsAJobThatThrows, "exception safety") {
  explore([] {
    WorkerPool pool(1);
    const std::future<int> bad = pool.submit(fail);
    pool.wait_idle();
  });
}

// Two jobs run, and the one that was taken last ends first: wait_idle waits for the other, and
// is woken by it.
STEP_TEST(2, WorkerPool, WaitIdleWaitsForEveryRunningJob, "check then act") {
  explore([] {
    Signal may_end;
    bool ended = false;
    WorkerPool pool(2);
    const std::future<void> longer = pool.submit(Job([&] {
      may_end.wait();
      ended = true;
    }));
    pool.submit(nothing).get();
    std::jthread waiter([&] {
      pool.wait_idle();
      check(ended, "wait_idle returned while a job still ran");
    });
    may_end.give();
  });
}

// Every thread in wait_idle is woken.
STEP_TEST(2, WorkerPool, WaitIdleWakesAllWhoWait, "lost wake-up") {
  explore([] {
    WorkerPool pool(1);
    const std::future<void> job = pool.submit(nothing);
    std::jthread waiter([&] { pool.wait_idle(); });
    pool.wait_idle();
  });
}

// A thread in wait_idle sleeps, and is woken once, by the job that ends last.
STEP_TEST(2, WorkerPool, CostOfAWaitForIdle, "busy waiting") {
  explore([] {
    WorkerPool pool(1);
    const std::future<void> slow = pool.submit(
        Job([] { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }));
    const interleave::Cost cost("wait until idle");
    pool.wait_idle();
  });
}

// A job submitted by a job is waited for too.
STEP_TEST(2, WorkerPool, WaitIdleWaitsForJobsOfJobs, "check then act") {
  explore([] {
    int written = 0;
    std::future<void> inner;
    WorkerPool pool(1);
    const std::future<void> outer =
        pool.submit(Job([&] { inner = pool.submit(Job([&] { written = 7; })); }));
    pool.wait_idle();
    check(written == 7, "wait_idle returned before the inner job had ended");
  });
}

// A job is destroyed, with what it owns, before wait_idle returns.
STEP_TEST(2, WorkerPool, WaitIdleMeansJobsAreDestroyed, "lifetime") {
  explore([] {
    bool alive = true;
    WorkerPool pool(1);
    auto owned = std::shared_ptr<bool>(&alive, [](bool* flag) { *flag = false; });
    // The future dies at once: it would keep the job alive.
    static_cast<void>(pool.submit(Job([owned = std::move(owned)] {})));
    pool.wait_idle();
    check(!alive, "wait_idle returned before the job was destroyed");
  });
}

// cancel drops the queued job, whose future says so at once; the job that runs is
// finished.
STEP_TEST(3, WorkerPool, CancelDropsQueuedJobs, "shutdown") {
  explore([] {
    Signal started;
    Signal may_end;
    bool dropped_ran = false;
    WorkerPool pool(1);
    bool ended = false;
    std::future<void> runs = pool.submit(Job([&] {
      started.give();
      may_end.wait();
      ended = true;
    }));
    std::future<void> queued = pool.submit(Job([&] { dropped_ran = true; }));
    started.wait();
    std::jthread owner([&] { pool.cancel(); });
    check(thrown_by(std::move(queued)) == "broken_promise",
          "a job that cancel drops must break its promise at once");
    may_end.give();
    runs.get();
    check(ended, "the job that runs while cancel is called must be finished");
    owner.join();
    check(!dropped_ran, "a dropped job must not run");
  });
}

// When cancel returns, the job that ran has ended, and its worker too.
STEP_TEST(3, WorkerPool, CancelReturnsAfterTheJobThatRuns, "shutdown") {
  explore([] {
    Signal started;
    Signal may_end;
    bool ended = false;
    WorkerPool pool(1);
    const std::future<void> runs = pool.submit(Job([&] {
      started.give();
      may_end.wait();
      ended = true;
    }));
    started.wait();
    std::jthread helper([&] { may_end.give(); });
    pool.cancel();
    check(ended, "cancel returned while a job still ran");
  });
}

// cancel drops what is queued, and wait_idle still waits for the job that runs.
STEP_TEST(3, WorkerPool, WaitIdleOutlastsCancel, "check then act") {
  explore([] {
    Signal started;
    Signal may_end;
    bool ended = false;
    WorkerPool pool(1);
    const std::future<void> runs = pool.submit(Job([&] {
      started.give();
      may_end.wait();
      ended = true;
    }));
    started.wait();
    std::jthread waiter([&] {
      pool.wait_idle();
      check(ended, "wait_idle returned, because of cancel, while a job still ran");
    });
    std::jthread owner([&] { pool.cancel(); });
    may_end.give();
  });
}

// No lock is held while cancel destroys a job: what it owns may submit, and is refused.
STEP_TEST(4, WorkerPool, ADroppedJobMaySubmitAJob, "lock held too long") {
  explore([] {
    WorkerPool pool(1);
    submit_job_that_submits_as_it_dies(pool);
    pool.cancel();
  });
}

// Nor while another job still runs, which cancel does not wait for before.
STEP_TEST(4, WorkerPool, ADroppedJobMaySubmitBesideOneThatRuns, "lock held too long") {
  explore([] {
    Signal started;
    Signal may_end;
    WorkerPool pool(1);
    const std::future<void> runs = pool.submit(Job([&] {
      started.give();
      may_end.wait();
    }));
    started.wait();
    submit_job_that_submits_as_it_dies(pool);
    std::jthread owner([&] { pool.cancel(); });
    may_end.give();
  });
}

// After cancel or drain a job is refused: it does not run, and its future says so.
STEP_TEST(3, WorkerPool, AClosedPoolRefusesJobs, "shutdown") {
  explore([] {
    bool ran = false;
    WorkerPool cancelled(1);
    cancelled.cancel();
    std::future<void> refused = cancelled.submit(Job([&] { ran = true; }));
    check(thrown_by(std::move(refused)) == "broken_promise",
          "a job submitted after cancel must break its promise");
    check(!ran, "a refused job must not run");
  });
}

// drain runs what is queued; afterwards jobs are refused.
STEP_TEST(3, WorkerPool, DrainRunsQueuedJobs, "shutdown") {
  explore([] {
    WorkerPool pool(1);
    std::future<int> queued = pool.submit(seven);
    pool.drain();
    check(queued.get() == 7, "drain must run the jobs that are queued");
    std::future<int> refused = pool.submit(seven);
    check(thrown_by(std::move(refused)) == "broken_promise",
          "a job submitted after drain must break its promise");
  });
}

// A thread that waits in wait_idle learns that cancel left nothing to do.
STEP_TEST(3, WorkerPool, CancelWakesWaitIdle, "lost wake-up") {
  explore([] {
    WorkerPool pool(1);
    const std::future<void> job = pool.submit(nothing);
    std::jthread waiter([&] { pool.wait_idle(); });
    pool.cancel();
  });
}

// Every thread in wait_idle learns it.
STEP_TEST(3, WorkerPool, CancelWakesAllWhoWait, "lost wake-up") {
  explore([] {
    WorkerPool pool(1);
    const std::future<void> job = pool.submit(nothing);
    std::jthread waiter([&] { pool.wait_idle(); });
    std::jthread other([&] { pool.wait_idle(); });
    pool.cancel();
  });
}

}  // namespace
