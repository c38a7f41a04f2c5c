// A bounded queue of pointers from one core to one other.
//
//      try_push --> [ . . p p p . . . ] --> try_pop        . is nullptr: nothing in this slot
//                         ^     ^
//                      head_   tail_
//
// Threads     try_push: the producer only. try_pop, empty: the consumer only. Construct and
//             destroy while neither is running.
// Progress    Wait-free: no loop, no lock, no allocation after construction.
//
// Invariants
//   I1  tail_ is the producer's and head_ the consumer's alone: the other never reads it.
//   I2  A slot that holds nullptr is the producer's, any other the consumer's: the item itself
//       says whose turn it is. Slots are used in turn, so the order is kept.
//
// Edges       FILL  try_push stores a slot  -->  try_pop loads it, and sees the pointer
//             A slot that was emptied needs none: what it held was a pointer, and nothing else
//             in it is used again.
//
// Left out    Waiting (exercise 12.2). The ring of exercise 5.1 shares its indices instead:
//             there a side knows how many items are inside, and here a consumer with many
//             rings reads one line of each to see that it is empty.
//
// After J. Giacomoni, T. Moseley, M. Vachharajani, "FastForward for Efficient Pipeline
// Parallelism" (2008).
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

template <typename T>
class PairRing {
 public:
  // `capacity` is at least 1.
  explicit PairRing(std::size_t capacity)
      : capacity_(capacity), slots_(std::make_unique<std::atomic<T*>[]>(capacity)) {}

  PairRing(const PairRing&) = delete;
  PairRing& operator=(const PairRing&) = delete;

  // Appends `item`, which is not nullptr. False if the ring is full.
  [[nodiscard]] bool try_push(T* item) noexcept {
    std::atomic<T*>& slot = slots_[tail_];
    // relaxed: nullptr stands for no item, and there is nothing else to be seen with it.
    if (slot.load(std::memory_order_relaxed) != nullptr) return false;
    // FILL, release: all that the producer wrote into *item comes before.
    slot.store(item, std::memory_order_release);
    tail_ = after(tail_);
    return true;
  }

  // Takes the oldest item; nullptr if there is none.
  [[nodiscard]] T* try_pop() noexcept {
    std::atomic<T*>& slot = slots_[head_];
    // FILL, acquire: seeing the pointer must mean seeing what it points to.
    T* const item = slot.load(std::memory_order_acquire);
    if (item == nullptr) return nullptr;
    // relaxed: the slot's next user stores into it, and reads nothing from it.
    slot.store(nullptr, std::memory_order_relaxed);
    head_ = after(head_);
    return item;
  }

  // Whether try_pop would find nothing now. An item may come as soon as you have looked.
  [[nodiscard]] bool empty() const noexcept {
    // relaxed: a consumer that sees an item pops it, and that has the edge.
    return slots_[head_].load(std::memory_order_relaxed) == nullptr;
  }

 private:
  [[nodiscard]] std::size_t after(std::size_t slot) const {
    return slot + 1 == capacity_ ? 0 : slot + 1;
  }

  // Of x86-64 and of most arm64, in bytes.
  static constexpr std::size_t kCacheLine = 64;

  // Written by neither side; the slots by both.
  const std::size_t capacity_;
  const std::unique_ptr<std::atomic<T*>[]> slots_;

  // Written by the producer.
  alignas(kCacheLine) std::size_t tail_ = 0;

  // Written by the consumer.
  alignas(kCacheLine) std::size_t head_ = 0;
};
