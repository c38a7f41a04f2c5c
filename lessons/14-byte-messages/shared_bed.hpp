// Where one side sleeps until the other side changes something: also in another process.
//
// It is the bed of exercise 5.2 but for one thing: std::atomic::wait and notify tell the
// system that the word is private to the process, and a wake-up from another one is lost.
//
// Threads     sleep_unless: the side whose bed it is. wake: the other side.
//
// Invariants
//   I1  asleep_ is set by the sleeper before its last look, and cleared by whichever side
//       ends the sleep. A sleeper that was killed leaves it set: then one wake is for no one.
//
// Edges       SLEEP   A side sets asleep_, then looks at what the other side changes; the
//                     other changes it, then looks at asleep_. The two fences give all four
//                     one order, in which at least one look comes after the other's store.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

class SharedBed {
 public:
  //> region bed
  // Sleeps until it is woken, unless `ready()` says that there is something to do. May
  // return for no reason: look again.
  template <typename Ready>
  void sleep_unless(Ready ready) {
    asleep_.store(1, std::memory_order_relaxed);
    // SLEEP: the store above comes before the look below, for all that have a fence too.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (ready()) {
      asleep_.store(0, std::memory_order_relaxed);
    } else {
      // Sleeps if the word is still 1. Without FUTEX_PRIVATE_FLAG the system finds a
      // sleeper by the memory behind the address, whichever process mapped it where.
      ::syscall(SYS_futex, &asleep_, FUTEX_WAIT, 1, nullptr, nullptr, 0);
    }
  }

  // After each change: wakes the sleeper if there is one.
  void wake() {
    // SLEEP: the change comes before the look below.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    // relaxed: whoever is woken looks again, and that look has the edges it needs.
    if (asleep_.load(std::memory_order_relaxed) == 0) return;
    asleep_.store(0, std::memory_order_relaxed);
    ::syscall(SYS_futex, &asleep_, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  }
  //<

 private:
  // Written by both sides.
  std::atomic<std::uint32_t> asleep_ = 0;

  static_assert(std::atomic<std::uint32_t>::is_always_lock_free,
                "a lock inside would be another one in each process");
  static_assert(sizeof(std::atomic<std::uint32_t>) == 4, "the system waits for 32 bits");
};
