// A deque with one owner and many thieves, under one lock: the plain form of exercise 11.2.
//
//   owner  push --> [ oldest ... newest ] --> pop  owner
//                        |
//                        +--> steal  thieves
//
// Threads     push, pop: the owner. steal, empty: any thread.
// Progress    Blocking: one thread at a time is inside.
// Edges       ITEM  push unlocks mutex_  -->  the pop or steal that takes the item locks it
// Left out    Doing without the lock: exercise 11.2.
#pragma once

#include <deque>
#include <mutex>
#include <optional>

template <typename Item>
class LockedDeque {
 public:
  void push(Item item) {
    const std::scoped_lock lock(mutex_);
    items_.push_back(item);
  }

  // The newest item, or nothing.
  [[nodiscard]] std::optional<Item> pop() {
    const std::scoped_lock lock(mutex_);
    if (items_.empty()) return std::nullopt;
    const Item item = items_.back();
    items_.pop_back();
    return item;
  }

  // The oldest item, or nothing.
  [[nodiscard]] std::optional<Item> steal() {
    const std::scoped_lock lock(mutex_);
    if (items_.empty()) return std::nullopt;
    const Item item = items_.front();
    items_.pop_front();
    return item;
  }

  [[nodiscard]] bool empty() const {
    const std::scoped_lock lock(mutex_);
    return items_.empty();
  }

 private:
  // Written by any thread that holds mutex_.
  mutable std::mutex mutex_;
  std::deque<Item> items_;
};
