// A bounded FIFO queue between one producer thread and one consumer thread.
//
//      try_push --> [ _ _ 3 4 5 _ _ _ ] --> try_pop
//                         ^     ^
//                      head_   tail_          size = tail_ - head_
//
// Threads     try_push: the producer only. try_pop: the consumer only. size: any thread.
//             Construct and destroy while neither is running.
// Progress    Wait-free: no loop, no lock, no allocation after construction.
//
// Invariants
//   I1  Only the producer writes tail_, only the consumer writes head_. Both only grow: they
//       count items, and the item numbered n lies in slot n & mask_.
//   I2  head_ <= tail_ <= head_ + capacity_. There are at least capacity_ slots; their
//       number is a power of two, the capacity need not be one.
//   I3  Slots [head_, tail_) hold an item and belong to the consumer; all others hold none
//       and belong to the producer.
//   I4  What the producer writes, what the consumer writes, and what neither writes lie on
//       different cache lines.
//
// Edges       A slot changes owner twice a lap; each hand-over is one release/acquire pair:
//   FILL   try_push stores tail_  -->  try_pop  loads tail_
//   DRAIN  try_pop  stores head_  -->  try_push loads head_
//
// Left out    Waiting (exercise 5.2); several items at once.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "course/todo.hpp"

template <typename T>
class SpscRing {
 public:
  static_assert(std::is_nothrow_move_constructible_v<T>,
                "an item that throws half-way through a slot would belong to no side");

  // `capacity` is at least 1.
  explicit SpscRing(std::size_t capacity)
      : capacity_(capacity),
        mask_(std::bit_ceil(capacity) - 1),
        slots_(std::make_unique<Slot[]>(mask_ + 1)) {}

  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  // Destroys what was not popped.
  ~SpscRing() {
    for (std::uint64_t n = head_.load(); n != tail_.load(); ++n) {
      std::destroy_at(&slots_[n & mask_].item);
    }
  }

  // Appends `value`. Returns false and leaves `value` as it was if the ring is full.
  [[nodiscard]] bool try_push(T&& value) noexcept {
    // TODO 1: if there is room, put the item in its slot, then count it in tail_
    course::todo(1, value);
  }

  // Takes the oldest item; nothing if the ring is empty.
  [[nodiscard]] std::optional<T> try_pop() noexcept {
    // TODO 1: if there is an item, take it out of its slot, then count it in head_
    course::todo(1);
  }

  // Items inside, at most the capacity. Another thread may have changed it by the time you
  // look, but the producer never finds fewer than there are, the consumer never more.
  [[nodiscard]] std::size_t size() const noexcept {
    // head_ first: read second, it might have overtaken the tail_ that was read before.
    const std::uint64_t head = head_.load(std::memory_order_acquire);
    const std::uint64_t tail = tail_.load(std::memory_order_acquire);
    return std::min<std::uint64_t>(tail - head, capacity_);
  }

  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

 private:
  // Room for an item that lives from a try_push to the try_pop that takes it: built with
  // std::construct_at, ended with std::destroy_at.
  union Slot {
    Slot() noexcept {}
    ~Slot() {}
    T item;
  };

  // Of x86-64 and of most arm64, in bytes.
  static constexpr std::size_t kCacheLine = 64;

  // Written by neither side.
  const std::uint64_t capacity_;
  const std::uint64_t mask_;
  const std::unique_ptr<Slot[]> slots_;

  // Written by the producer. See to I4 here.
  std::atomic<std::uint64_t> tail_ = 0;

  // Written by the consumer. See to I4 here.
  std::atomic<std::uint64_t> head_ = 0;
};
