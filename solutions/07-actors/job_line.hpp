// A processing line built of actors: each does one part of a job and sends it on. Credits keep
// a slow part from being buried.
//
//            job -->             job -->             job -->
//   leader           [ part 1 ]          [ part 2 ]          done(job, error)
//            <-- credit          <-- credit
//
// Threads     submit, failures: any thread that is no part of the line. Construct and destroy:
//             one thread, the owner. A part, and `done`, are called by their actor alone.
// Progress    submit sleeps while the first actor holds all the jobs it may. An actor never
//             waits: what it may not send on yet lies in `waiting`, until a credit comes.
//
// Invariants
//   I1  An actor holds at most `credits` jobs: those in its mailbox, those in `waiting`, and
//       the one in its hands. Who sends it a job takes a credit first; the credit comes back
//       when the job has left, whether the part succeeded or threw.
//   I2  Jobs of one leader come out in the order in which it submitted them, failed or not.
//   I3  credits_ and inside_ are read and written only while mutex_ is held. inside_ counts
//       the jobs that were submitted and have not come out.
//   I4  An actor sends jobs to the next one and credits to the one before, so it is destroyed
//       when no job is inside, and before the one before it.
//
// Edges       All are those of Actor, and mutex_'s.
//
// Left out    Credits for several jobs in one message; lines that part and join.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "actors.hpp"

template <typename Job>
class JobLine {
 public:
  // A job on its way must not be lost because moving it failed.
  static_assert(std::is_nothrow_move_constructible_v<Job>);

  using Part = std::function<void(Job&)>;
  // What came out of the line; `error` is null unless a part threw. Must not throw.
  using Done = std::function<void(Job, std::exception_ptr error)>;

  // One actor for each of `parts`, of which there is at least one; each may hold `credits`
  // jobs, at least 1.
  JobLine(std::vector<Part> parts, std::size_t credits, Done done)
      : done_(std::move(done)), credits_(credits) {
    for (Part& part : parts) {
      stages_.push_back(std::make_unique<Stage>(*this, std::move(part), credits));
    }
    for (std::size_t i = 1; i < stages_.size(); ++i) {
      stages_[i - 1]->next = stages_[i].get();
      stages_[i]->previous = stages_[i - 1].get();
    }
  }
  JobLine(const JobLine&) = delete;
  JobLine& operator=(const JobLine&) = delete;

  // Waits until every job that was submitted has come out, then ends the actors.
  ~JobLine() {
    //> step 1(): wait until no job is inside; then end the actors, in the order of I4
    {
      std::unique_lock lock(mutex_);
      empty_.wait(lock, [this] { return inside_ == 0; });
    }
    while (!stages_.empty()) stages_.pop_back();
    //<
  }

  // Sends `job` down the line. Waits while the first actor holds all the jobs it may.
  void submit(Job job) {
    //> step 1(job): count the job, send it to the first actor; step 3: but take a credit first
    {
      std::unique_lock lock(mutex_);
      room_.wait(lock, [this] { return credits_ > 0; });
      --credits_;
      ++inside_;
    }
    stages_.front()->actor.send(Item{std::move(job), nullptr});
    //<
  }

  // How many jobs have come out with an error.
  [[nodiscard]] std::uint64_t failures() const {
    //> step 2(): what a part throws travels with its job, past the other parts, and is counted
    // relaxed: a count orders nothing.
    return failures_.load(std::memory_order_relaxed);
    //<
  }

 private:
  // The two messages that the actors send each other.
  struct Item {
    Job job;
    std::exception_ptr error;
  };
  struct Credit {};
  using Message = std::variant<Item, Credit>;

  struct Stage {
    Stage(JobLine& line_in, Part part_in, std::size_t credits_in)
        : line(line_in),
          part(std::move(part_in)),
          credits(credits_in),
          actor([this](Message message) {
            std::visit([this](auto& content) { this->handle(content); }, message);
          }) {}

    // A job has come.
    void handle(Item& item) {
      //> step 1(item): do the part, send the job on; step 3: with a credit, else keep it
      waiting.push_back(std::move(item));
      send_on();
      //<
    }

    // The next actor has got rid of a job.
    void handle(Credit& credit) {
      //> step 3(credit): a job more may be sent on; give a credit for each that leaves
      static_cast<void>(credit);
      ++credits;
      send_on();
      //<
    }

    //> hide
    // Does the part of each job that waits, oldest first, as long as it may be sent on.
    void send_on() {
      while (!waiting.empty() && (next == nullptr || credits > 0)) {
        Item item = std::move(waiting.front());
        waiting.pop_front();
        work_on(item);
        if (next != nullptr) {
          --credits;
          next->actor.send(std::move(item));
          give_credit();
        } else {
          line.come_out(std::move(item));
          give_credit();
          line.count_out();
        }
      }
    }

    void work_on(Item& item) {
      if (item.error != nullptr) return;
      try {
        part(item.job);
      } catch (...) {
        item.error = std::current_exception();
      }
    }

    void give_credit() {
      if (previous != nullptr) {
        previous->actor.send(Credit{});
      } else {
        line.give_leader_credit();
      }
    }

    //<
    // Written at construction only.
    JobLine& line;
    const Part part;
    Stage* next = nullptr;
    Stage* previous = nullptr;

    // Written by the actor.
    std::size_t credits;  // how many jobs may be sent to `next`
    std::deque<Item> waiting;

    // Last, so that it is destroyed first: that joins its thread.
    Actor<Message> actor;
  };

  //> hide
  // Called by the last actor.
  void come_out(Item item) {
    if (item.error != nullptr) {
      // relaxed, and no read-modify-write: only the last actor writes.
      failures_.store(failures_.load(std::memory_order_relaxed) + 1,
                      std::memory_order_relaxed);
    }
    done_(std::move(item.job), std::move(item.error));
  }

  // Called by the last actor, when it touches the others no more.
  void count_out() {
    const std::scoped_lock lock(mutex_);
    if (--inside_ == 0) empty_.notify_all();
  }

  // Called by the first actor.
  void give_leader_credit() {
    {
      const std::scoped_lock lock(mutex_);
      ++credits_;
    }
    room_.notify_one();
  }

  //<
  const Done done_;

  // Written by any thread that holds mutex_.
  std::mutex mutex_;
  std::condition_variable room_;   // leaders wait here for a credit
  std::condition_variable empty_;  // the owner waits here for the end
  std::size_t credits_;            // how many jobs may be sent to the first actor
  std::size_t inside_ = 0;

  // Written by the last actor.
  std::atomic<std::uint64_t> failures_ = 0;

  // Written by the owner.
  std::vector<std::unique_ptr<Stage>> stages_;
};
