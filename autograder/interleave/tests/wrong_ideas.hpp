// Programs with one mistake each, for mistakes_test.cpp: a report must name its line.
//
// Threads     Any, for what a test calls while its threads run.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <semaphore>
#include <thread>
#include <utility>

namespace wrong_ideas {

// A slot whose `take` looks once, and acts whatever woke it.
class Slot {
 public:
  void put() {
    {
      const std::scoped_lock lock(mutex_);
      full_ = true;
    }
    changed_.notify_one();
  }

  void empty() {
    const std::scoped_lock lock(mutex_);
    while (full_) full_ = false;
  }
  // Returns whether there was something.
  bool take() {
    std::unique_lock lock(mutex_);
    if (!full_) changed_.wait(lock);
    return full_;
  }

  // Looks as often as it is woken; the lines of the loop are many. Returns how often it slept.
  int take_in_a_loop() {
    std::unique_lock lock(mutex_);
    int slept = 0;
    while (true) {
      const bool was_full = full_;
      if (was_full) {
        full_ = false;
        return slept;
      }
      ++slept;
      if (!full_) changed_.wait(lock);
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool full_ = false;
};

// Credits that are given back: a notify may come after another thread's look.
class Credits {
 public:
  void give() {
    {
      const std::scoped_lock lock(mutex_);
      ++left_;
    }
    room_.notify_one();
  }
  // Returns how many are left.
  int take() {
    std::unique_lock lock(mutex_);
    if (left_ == 0) room_.wait(lock);
    return --left_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable room_;
  int left_ = 1;
};

// Says that it sleeps, and looks; the other side writes, and looks. No order makes one of the two
// see what the other wrote.
class Bell {
 public:
  void sleep() {
    asleep_.store(true, std::memory_order_release);
    if (!work_.load(std::memory_order_acquire)) rung_.acquire();
  }
  void ring() {
    work_.store(true, std::memory_order_release);
    if (asleep_.load(std::memory_order_acquire)) rung_.release();
  }

 private:
  std::atomic<bool> asleep_ = false;
  std::atomic<bool> work_ = false;
  std::binary_semaphore rung_{0};
};

// Two accounts, locked in the order in which a transfer names them.
class Accounts {
 public:
  void transfer(int from, int to) {
    const std::scoped_lock giver(mutexes_[from]);
    const std::scoped_lock receiver(mutexes_[to]);
    ++transfers_;
  }

 private:
  std::mutex mutexes_[2];
  int transfers_ = 0;
};

// A number that is read, and written in a second step.
class Number {
 public:
  void add() {
    const int seen = get();
    set(seen + 1);
  }
  [[nodiscard]] int get() {
    std::unique_lock reading(mutex_);
    const int value = value_;
    reading.unlock();
    return value;
  }
  // Always a part of its caller: no call of it is seen.
  __attribute__((always_inline)) void open() {
    const std::scoped_lock opening(mutex_);
    ++opened_;
  }

 private:
  void set(int value) {
    const std::scoped_lock writing(mutex_);
    value_ = value;
  }

  std::mutex mutex_;
  int value_ = 0;
  int opened_ = 0;
};

// Runs one job, and does not count it while it runs.
class Pool {
 public:
  void submit(std::function<void()> job) {
    const std::scoped_lock lock(mutex_);
    queued_ = 1;
    worker_ = std::jthread([this, job = std::move(job)] {
      {
        const std::scoped_lock taken(mutex_);
        queued_ = 0;
      }
      job();
      idle_.notify_all();
    });
  }
  void wait_idle() {
    std::unique_lock lock(mutex_);
    while (!is_idle()) idle_.wait(lock);
  }

 private:
  [[nodiscard]] bool is_idle() const { return queued_ == 0; }

  std::mutex mutex_;
  std::condition_variable idle_;
  int queued_ = 0;
  std::jthread worker_;
};

}  // namespace wrong_ideas

#line 1 "/lessons/pump.hpp"
namespace lesson {

// A thread that takes its lock when it begins, and again before it ends.
class Pump {
 public:
  ~Pump() {
    end_.release();
    thread_.join();
  }

 private:
  void once() { const std::scoped_lock lock(mutex_); }

  std::mutex mutex_;
  std::binary_semaphore end_{0};
  std::thread thread_{[this] {
    once();
    end_.acquire();
    once();
  }};
};

}  // namespace lesson
