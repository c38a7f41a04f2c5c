// A thread that waits must be woken, and must look again when it is.
#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "classic.hpp"

namespace interleave::classics {
namespace {

// Hoare 1974 resumed a waiter at once; here another may come first, so `if` is not enough.
template <Form kForm>
class BoundedBuffer {
 public:
  void push(int value) {
    std::unique_lock lock(mutex_);
    not_full_.wait(lock, [this] { return items_.size() < 2; });
    items_.push_back(value);
    not_empty_.notify_one();
  }
  int pop() {
    std::unique_lock lock(mutex_);
    if constexpr (kForm == Form::kRight) {
      not_empty_.wait(lock, [this] { return !items_.empty(); });
    } else {
      if (items_.empty()) not_empty_.wait(lock);
    }
    check(!items_.empty(), "woken, but there is nothing");
    const int value = items_.front();
    items_.pop_front();
    not_full_.notify_one();
    return value;
  }

 private:
  std::mutex mutex_;
  std::condition_variable not_empty_;
  std::condition_variable not_full_;
  std::deque<int> items_;
};

template <Form kForm>
void bounded_buffer() {
  BoundedBuffer<kForm> buffer;
  together(
      [&] {
        buffer.push(1);
        buffer.push(2);
      },
      [&] { buffer.pop(); }, [&] { buffer.pop(); });
}

// One condition for "not full" and "not empty": notify_one may wake the wrong kind, which
// goes back to sleep, and the news is lost.
template <Form kForm>
class OneSlot {
 public:
  void put() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !full_; });
    full_ = true;
    notify();
  }
  void take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return full_; });
    full_ = false;
    notify();
  }

 private:
  void notify() {
    if constexpr (kForm == Form::kRight) {
      changed_.notify_all();
    } else {
      changed_.notify_one();
    }
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool full_ = false;
};

template <Form kForm>
void one_condition() {
  OneSlot<kForm> slot;
  together(
      [&] {
        slot.put();
        slot.put();
      },
      [&] { slot.take(); }, [&] { slot.take(); });
}

// Between the look and the wait there must be no room for the news: change what is waited
// for under the same mutex.
template <Form kForm>
void flag_without_lock() {
  std::mutex mutex;
  std::condition_variable condition;
  std::atomic<bool> ready{false};
  together(
      [&] {
        std::unique_lock lock(mutex);
        condition.wait(lock, [&] { return ready.load(); });
      },
      [&] {
        if constexpr (kForm == Form::kRight) {
          const std::lock_guard lock(mutex);
          ready = true;
        } else {
          ready = true;
        }
        condition.notify_one();
      });
}

// A condition remembers nothing: who asks for the news after it came waits for ever.
template <Form kForm>
void no_predicate() {
  std::mutex mutex;
  std::condition_variable condition;
  bool done = false;
  together(
      [&] {
        std::unique_lock lock(mutex);
        if constexpr (kForm == Form::kRight) {
          condition.wait(lock, [&] { return done; });
        } else {
          condition.wait(lock);
        }
      },
      [&] {
        const std::lock_guard lock(mutex);
        done = true;
        condition.notify_one();
      });
}

// Closing must wake every thread that waits, not one of them.
template <Form kForm>
void close_wakes_one() {
  std::mutex mutex;
  std::condition_variable condition;
  bool closed = false;
  const auto wait = [&] {
    std::unique_lock lock(mutex);
    condition.wait(lock, [&] { return closed; });
  };
  together(
      [&] {
        const std::lock_guard lock(mutex);
        closed = true;
        if constexpr (kForm == Form::kRight) {
          condition.notify_all();
        } else {
          condition.notify_one();
        }
      },
      wait, wait);
}

// Dijkstra 1971. If all reach for the left fork first, all may hold one and wait.
template <Form kForm>
void dining_philosophers() {
  std::array<std::mutex, 3> forks;
  std::array<int, 3> meals{};
  const auto dine = [&](std::size_t seat) {
    std::size_t first = seat;
    std::size_t second = (seat + 1) % forks.size();
    if (kForm == Form::kRight && first > second) std::swap(first, second);
    const std::lock_guard one(forks[first]);
    const std::lock_guard other(forks[second]);
    ++meals[seat];
  };
  together([&] { dine(0); }, [&] { dine(1); }, [&] { dine(2); });
  check(meals[0] + meals[1] + meals[2] == 3);
}

// Two accounts, two locks, two directions.
template <Form kForm>
void transfer() {
  struct Account {
    std::mutex mutex;
    int balance = 10;
  };
  Account accounts[2];
  const auto move = [](Account& from, Account& to) {
    if constexpr (kForm == Form::kRight) {
      const std::scoped_lock both(from.mutex, to.mutex);
      --from.balance;
      ++to.balance;
    } else {
      const std::lock_guard one(from.mutex);
      const std::lock_guard other(to.mutex);
      --from.balance;
      ++to.balance;
    }
  };
  together([&] { move(accounts[0], accounts[1]); },
           [&] { move(accounts[1], accounts[0]); });
  check(accounts[0].balance + accounts[1].balance == 20);
}

// Hensgen, Finkel, Manber 1988; sense reversal. A barrier that only counts can be entered
// again before every thread has seen it open.
template <Form kForm>
class Barrier {
 public:
  void arrive_and_wait() {
    const int phase = phase_.load();
    if (--missing_ == 0) {
      missing_ = kThreads;
      ++phase_;
    } else if constexpr (kForm == Form::kRight) {
      while (phase_.load() == phase) std::this_thread::yield();
    } else {
      while (missing_.load() != kThreads) std::this_thread::yield();
    }
  }

 private:
  static constexpr int kThreads = 2;
  std::atomic<int> missing_{kThreads};
  std::atomic<int> phase_{0};
};

template <Form kForm>
void barrier() {
  Barrier<kForm> barrier;
  const auto work = [&] {
    barrier.arrive_and_wait();
    barrier.arrive_and_wait();
  };
  together(work, work);
}

constexpr Classic kWaiting[] = {
    {"bounded buffer", "`if` round the wait", "check", bounded_buffer<Form::kBroken>,
     bounded_buffer<Form::kRight>},
    {"one condition for two", "notify_one wakes the wrong kind", "lost wake-up",
     one_condition<Form::kBroken>, one_condition<Form::kRight>},
    {"flag and condition", "the flag is set without the mutex", "lost wake-up",
     flag_without_lock<Form::kBroken>, flag_without_lock<Form::kRight>},
    {"wait without a predicate", "the news came before", "lost wake-up",
     no_predicate<Form::kBroken>, no_predicate<Form::kRight>},
    {"close", "wakes one of two", "lost wake-up", close_wakes_one<Form::kBroken>,
     close_wakes_one<Form::kRight>},
    {"dining philosophers", "left fork first", "deadlock",
     dining_philosophers<Form::kBroken>, dining_philosophers<Form::kRight>},
    {"transfer", "locks in the order of the arguments", "deadlock",
     transfer<Form::kBroken>, transfer<Form::kRight>},
    {"barrier", "only counts", "livelock", barrier<Form::kBroken>, barrier<Form::kRight>,
     true},
};

}  // namespace

std::span<const Classic> waiting() { return kWaiting; }

}  // namespace interleave::classics
