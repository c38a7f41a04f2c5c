// A deque of calls with one owner and many thieves, without a lock (Chase and Lev 2005), with
// the memory orders of Lê, Pop, Cohen and Zappa Nardelli 2013.
//
//              top_            bottom_
//                v                v
//   ring   [ _ _ a b c d e f g h _ _ _ ]
//                |             |
//   steal <------+             +------> pop, push     the owner
//
// Threads     push, pop: the owner only. steal, empty: any thread. Construct and destroy
//             while no call is running.
// Progress    push: wait-free, but for an allocation when it grows. pop: wait-free. steal:
//             lock-free; a thief tries again only because another thread got an item.
//
// Invariants
//   I1  Only the owner writes bottom_. top_ only grows, by one, and each time one thread has
//       won the item that stood there.
//   I2  The items are [top_, bottom_). A pop that finds nothing has bottom_ one below top_ for
//       a moment, and both start at 0: indices are signed.
//   I3  The item at index i stands in slot i modulo the ring's size. Slots are atomic,
//       because a thief may read one that it then fails to win.
//   I4  A ring that has been replaced lives as long as the deque: a thief may still read it.
//
// Edges
//   ITEM    push: slot, release fence, bottom_   -->  steal loads bottom_
//   RING    push stores ring_                    -->  steal loads ring_
//   TAKEN   steal wins top_                      -->  push loads top_, and uses the slot again
//   LAST    pop: bottom_, fence, looks at top_. steal: top_, fence, looks at bottom_. One of
//           the two fences is first, so pop and steal cannot both miss the other's claim.
//
// Left out    Giving memory back; taking half of a victim's items at once.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "course/todo.hpp"

// A circle of slots, indexed by numbers that only grow. It gives room, and no order.
template <typename Item>
class Ring {
 public:
  // `size` is a power of two.
  explicit Ring(std::int64_t size)
      : size_(size), slots_(static_cast<std::size_t>(size)) {}

  [[nodiscard]] std::int64_t size() const noexcept { return size_; }

  // relaxed, both: top_ and bottom_ say who may read and write a slot, and order it (I3).
  [[nodiscard]] Item get(std::int64_t index) const noexcept {
    return slots_[slot_of(index)].load(std::memory_order_relaxed);
  }
  void put(std::int64_t index, Item item) noexcept {
    slots_[slot_of(index)].store(item, std::memory_order_relaxed);
  }

 private:
  [[nodiscard]] std::size_t slot_of(std::int64_t index) const noexcept {
    return static_cast<std::size_t>(index & (size_ - 1));
  }

  const std::int64_t size_;
  std::vector<std::atomic<Item>> slots_;
};

template <typename Item>
class WorkStealingDeque {
  static_assert(
      std::is_trivially_copyable_v<Item> && sizeof(Item) <= sizeof(void*),
      "an item must fit into an atomic that needs no lock: a pointer, an index");

 public:
  // Has room for `size` items, a power of two, and makes more when it needs it.
  explicit WorkStealingDeque(std::int64_t size = 64) {
    rings_.push_back(std::make_unique<Ring<Item>>(size));
    // relaxed: handing this deque to other threads orders that.
    ring_.store(rings_.back().get(), std::memory_order_relaxed);
  }
  WorkStealingDeque(const WorkStealingDeque&) = delete;
  WorkStealingDeque& operator=(const WorkStealingDeque&) = delete;

  // Adds `item` as the newest.
  void push(Item item) {
    // TODO 1: if the ring is full, grow; put the item in its slot, then move bottom_
    course::todo(1, item);
  }

  // Takes the newest item; nothing if there is none.
  [[nodiscard]] std::optional<Item> pop() {
    // TODO 1: claim the newest by moving bottom_; step 2 says who gets the last one
    course::todo(1);
  }

  // Takes the oldest item; nothing only if there was none at some moment of the call.
  [[nodiscard]] std::optional<Item> steal() {
    // TODO 2: read the oldest item, then win it by moving top_; losing means another try
    course::todo(2);
  }

  // Whether there was nothing, at some moment of the call.
  [[nodiscard]] bool empty() const noexcept {
    // relaxed, both: a look that promises nothing about the items.
    const std::int64_t top = top_.load(std::memory_order_relaxed);
    return bottom_.load(std::memory_order_relaxed) <= top;
  }

 private:
  // Replaces the ring, which holds [top, bottom), by one of twice its size; returns the new
  // one. The owner only.
  Ring<Item>* grow(std::int64_t top, std::int64_t bottom) {
    // TODO 3: copy the items to a ring twice as large; keep the old one
    course::todo(3, top, bottom);
  }

  // Written by the thread that wins an item. On a line of its own, and the owner's on another:
  // they would take turns at one.
  alignas(64) std::atomic<std::int64_t> top_ = 0;

  // Written by the owner.
  alignas(64) std::atomic<std::int64_t> bottom_ = 0;
  std::atomic<Ring<Item>*> ring_ = nullptr;
  // All there ever were (I4); the last is in use.
  std::vector<std::unique_ptr<Ring<Item>>> rings_;
};
