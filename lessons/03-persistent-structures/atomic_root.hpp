// The place where the newest version is found: readers take it, writers replace it whole.
//
//   word_ = [ borrowed | box ] --> box  [ value | account ] --> version
//   load:     borrowed + 1              copy value, then account - 1
//
// What std::atomic<std::shared_ptr> is for. libstdc++'s ends a load with a relaxed
// operation: nothing then orders the load's plain read before the next store's plain write.
//
// Threads     load, store, compare_exchange: any thread. Construct and destroy while no call
//             is running.
// Progress    load: wait-free. store, compare_exchange: lock-free; a load in between makes
//             compare_exchange try its last step again.
//
// Invariants
//   I1  word_ names the current box and how often it was borrowed since it came there.
//   I2  account counts, below zero, what was given back. When the box leaves word_, what was
//       borrowed is added, and kRetired. From then on it is kRetired plus the borrowed that
//       are still out, and whoever makes it kRetired alone deletes the box.
//   I3  Both counts are of 16 bits and may wrap round: only their difference matters, and
//       it is at most the number of threads that are inside a call, less than 65,536.
//   I4  A box that is borrowed is not deleted, so its address cannot come again in word_.
//
// Edges       PUBLISH  store, compare_exchange write word_  -->  load borrows: sees the box
//             SETTLE   a box is given back  -->  the last one to do so deletes it
//
// The split count is that of A. Williams, "C++ Concurrency in Action" (2012), chapter 7.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

template <typename T>
class AtomicRoot {
 public:
  using Pointer = std::shared_ptr<const T>;

  explicit AtomicRoot(Pointer first) : word_(word_of(new Box{std::move(first)})) {}
  ~AtomicRoot() { delete box_of(word_.load(std::memory_order_relaxed)); }
  AtomicRoot(const AtomicRoot&) = delete;
  AtomicRoot& operator=(const AtomicRoot&) = delete;

  //> region load
  // The current version, which lives at least as long as the pointer that is returned.
  [[nodiscard]] Pointer load() const {
    Box* const box = borrow();
    Pointer value = box->value;
    settle(box, 0 - kBorrowed);
    return value;
  }
  //<

  // Makes `desired` the current version, whatever was there.
  void store(Pointer desired) {
    // PUBLISH, release: the box and the version are written before a reader finds them.
    // Acquire: the box that was there is settled below, and another thread may have made it.
    const std::uint64_t old =
        word_.exchange(word_of(new Box{std::move(desired)}), std::memory_order_acq_rel);
    settle(box_of(old), kRetired + borrowed_in(old) * kBorrowed);
  }

  // If the current version is `expected`, makes `desired` the current one and returns true.
  // Else writes the current version to `expected` and returns false.
  [[nodiscard]] bool compare_exchange(Pointer& expected, Pointer desired) {
    Box* const box = borrow();
    if (box->value == expected) {
      auto next = std::make_unique<Box>(std::move(desired));
      // relaxed: the box is known (I4) since `borrow`; only the count may be newer.
      std::uint64_t word = word_.load(std::memory_order_relaxed);
      while (box_of(word) == box) {
        // PUBLISH, release: as in store. Weak, because the loop looks again anyway.
        if (word_.compare_exchange_weak(word, word_of(next.get()),
                                        std::memory_order_release,
                                        std::memory_order_relaxed)) {
          static_cast<void>(next.release());
          settle(box, kRetired + (borrowed_in(word) - 1) * kBorrowed);
          return true;
        }
      }
    }
    settle(box, 0 - kBorrowed);
    expected = load();
    return false;
  }

 private:
  // account: kBorrowed for each borrower, in the upper 16 bits; kRetired in the lower.
  static constexpr std::uint32_t kBorrowed = std::uint32_t{1} << 16;
  static constexpr std::uint32_t kRetired = 1;

  struct Box {
    explicit Box(Pointer first) : value(std::move(first)) {}

    const Pointer value;
    std::atomic<std::uint32_t> account = 0;  // written by whoever gives back or retires
  };

  // word_: the count in the upper 16 bits, the box's address in the lower 48. Linux gives a
  // program on x86-64 and arm64 no address beyond, unless it asks for one.
  static constexpr unsigned kAddressBits = 48;
  static constexpr std::uint64_t kOne = std::uint64_t{1} << kAddressBits;
  static_assert(sizeof(void*) == sizeof(std::uint64_t));

  static std::uint64_t word_of(Box* box) { return reinterpret_cast<std::uint64_t>(box); }
  static Box* box_of(std::uint64_t word) {
    return reinterpret_cast<Box*>(word & (kOne - 1));
  }
  static std::uint32_t borrowed_in(std::uint64_t word) {
    return static_cast<std::uint32_t>(word >> kAddressBits);
  }

  // The current box, which is not deleted before it is settled.
  Box* borrow() const {
    // PUBLISH, acquire: finding the box must mean finding what is in it. One operation takes
    // the address and counts: between two, the box could be replaced and deleted.
    return box_of(word_.fetch_add(kOne, std::memory_order_acquire));
  }

  // Adds `change` to the box's account, and deletes the box if that was the last of it.
  static void settle(Box* box, std::uint32_t change) {
    // SETTLE, release: what this thread read in the box, it read before this. Acquire: the
    // one that deletes does so after all others' reads.
    if (box->account.fetch_add(change, std::memory_order_acq_rel) + change == kRetired) {
      delete box;
    }
  }

  // Written by every call; mutable, because taking a version counts.
  mutable std::atomic<std::uint64_t> word_;
};
