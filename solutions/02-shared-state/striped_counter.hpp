// A counter that many threads increase at once, each in a stripe of its own.
//
//   thread A --add--> [ stripe 0 ]---.
//   thread B --add--> [ stripe 1 ]----+--> value() adds them up
//   thread C --add--> [ stripe 2 ]---'
//                      one cache line each
//
// Threads     Any thread, any function. Construct and destroy while no call is running.
// Progress    add: wait-free after a thread's first add, which takes a seat. value:
//             wait-free; it reads every stripe.
//
// Invariants
//   I1  A stripe is written only by the thread that holds its seat. A thread holds one
//       seat from its first add to its end. Only the last stripe is shared: all threads
//       that found no seat add to it, at the same time.
//   I2  The count is the sum of the stripes. A stripe keeps its part when its thread ends;
//       the next thread in that seat continues from there.
//   I3  No two stripes lie on one cache line.
//
// Edges       None of the counter's own: it counts, it does not publish. For the exact
//             sum join the threads first: the join is the edge.
//   SEAT      a thread that ends unlocks seats' mutex  -->  the next one locks it
//
// Left out    Setting the count back to zero; more seats when more threads come.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

// The seat of the calling thread: a small number that no other living thread has, for up
// to `kSeats` threads at once; the rest get `kSeats`.
class Seat {
 public:
  static constexpr std::size_t kSeats = 32;

  // Blocks for a moment at a thread's first call; afterwards reads a thread_local. A thread
  // that has given its seat back, because it is ending, has none.
  [[nodiscard]] static std::size_t of_this_thread() {
    thread_local const Seat seat;
    return number_;
  }

  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;

 private:
  Seat() {
    const std::scoped_lock lock(mutex_);
    number_ = 0;
    while (number_ < kSeats && taken_[number_]) ++number_;
    if (number_ < kSeats) taken_[number_] = true;
  }
  // SEAT: what this thread added is seen by the thread that sits here next.
  ~Seat() {
    const std::scoped_lock lock(mutex_);
    if (number_ < kSeats) taken_[number_] = false;
    number_ = kSeats;
  }

  static inline std::mutex mutex_;
  static inline std::array<bool, kSeats> taken_{};  // only while mutex_ is held

  // Not in the seat, which dies before the thread's last destructors, that may still add.
  static inline thread_local std::size_t number_ = kSeats;
};

class StripedCounter {
 public:
  // Adds `amount` to the count. Threads that have a seat do not slow each other down.
  void add(std::int64_t amount) {
    //> step 1(amount): add to this thread's stripe; the last is shared; see to Stripe
    const std::size_t seat = Seat::of_this_thread();
    std::atomic<std::int64_t>& count = stripes_[seat].count;
    if (seat == Seat::kSeats) {
      // relaxed: a sum does not care in which order it was made.
      count.fetch_add(amount, std::memory_order_relaxed);
      return;
    }
    // relaxed, and no read-modify-write: the stripe is ours (I1), so nothing can come
    // between the load and the store. Atomic all the same, because value reads it.
    count.store(count.load(std::memory_order_relaxed) + amount,
                std::memory_order_relaxed);
    //<
  }

  // The sum of every addition that happened before this call, and some of those that are
  // being made now.
  [[nodiscard]] std::int64_t value() const {
    //> step 1(): add up the stripes
    std::int64_t sum = 0;
    for (const Stripe& stripe : stripes_) {
      // relaxed: the sum promises nothing about other memory.
      sum += stripe.count.load(std::memory_order_relaxed);
    }
    return sum;
    //<
  }

 private:
  // Of x86-64 and of most arm64, in bytes.
  static constexpr std::size_t kCacheLine = 64;

  // What the thread in one seat writes. See to I3 here.
  struct Stripe {
    std::atomic<std::int64_t> count = 0;
    //> hide
    // The rest of the line. Two counts on one line would move between the cores at every
    // add, as if they were one.
    std::array<std::byte, kCacheLine - sizeof(std::atomic<std::int64_t>)> unused{};
    //<
  };

  // Each written by the thread in that seat; the last by all who found no seat.
  std::array<Stripe, Seat::kSeats + 1> stripes_;
};
