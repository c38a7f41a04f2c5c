// When each order is due, and how long after that its trades were known: an open loop. An order is
// due at its time, whether or not the one before it was answered.
//
// Threads     await, is_due: any thread. done: any thread, once for each order.
//             late_by: once all of them have ended.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

class Pace {
 public:
  using Clock = std::chrono::steady_clock;

  // Every order is due at once, and no time is taken.
  Pace() = default;

  // Order n of `orders` is due `start` + n * `interval`.
  Pace(std::size_t orders, Clock::time_point start, std::chrono::nanoseconds interval)
      : start_(start), interval_(interval), late_by_(orders) {}

  [[nodiscard]] bool is_due(std::uint32_t id) const {
    return late_by_.empty() || Clock::now() >= due(id);
  }

  // Returns when order `id` is due. Looks again and again, and gives way to other threads: a
  // thread that slept would be woken too late by more than most orders take.
  void await(std::uint32_t id) const {
    while (!is_due(id)) std::this_thread::yield();
  }

  // The trades of order `id` are known now.
  void done(std::uint32_t id) {
    if (!late_by_.empty()) late_by_[id] = Clock::now() - due(id);
  }

  // From each order's time to its trades.
  [[nodiscard]] const std::vector<std::chrono::nanoseconds>& late_by() const {
    return late_by_;
  }

 private:
  [[nodiscard]] Clock::time_point due(std::uint32_t id) const {
    return start_ + id * interval_;
  }

  Clock::time_point start_;
  std::chrono::nanoseconds interval_{};

  // Each element is written by the thread that is done with that order.
  std::vector<std::chrono::nanoseconds> late_by_;
};
