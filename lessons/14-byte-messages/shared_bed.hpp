// Where one side sleeps until the other side changes something: also in another process, and
// also if that is killed.
//
// It is the bed of exercise 5.2 but for two things. std::atomic::wait and notify tell the
// system that the word is private to the process, and a wake-up from another one is lost. And
// the side that wakes may die in the middle of it, between the word and the system call.
//
// Threads     sleep_unless: the side whose bed it is. wake, wake_anyway: the other side.
//
// Invariants
//   I1  `asleep` is set by the sleeper before its last look, and cleared by whichever side
//       ends the sleep. A sleeper that was killed leaves it set: the next wake is wasted. A
//       waker that was killed may leave it cleared beside a sleeper: see wake_anyway.
//
// Edges       SLEEP   A side sets `asleep`, then looks at what the other side changes; the
//                     other changes it, then looks at `asleep`, or clears it. The fences
//                     give all of this one order: the look finds the change, or the sleeper
//                     is woken.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

struct SharedBed {
  //> region bed
  // Sleeps until it is woken, unless `ready()` says that there is something to do. May
  // return for no reason: look again.
  template <typename Ready>
  void sleep_unless(Ready ready) {
    asleep.store(1, std::memory_order_relaxed);
    // SLEEP: the store above comes before the look below, for all that have a fence too.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (ready()) {
      asleep.store(0, std::memory_order_relaxed);
    } else {
      // Sleeps if the word is still 1. Without FUTEX_PRIVATE_FLAG the system finds a
      // sleeper by the memory behind the address, whichever process mapped it where.
      ::syscall(SYS_futex, &asleep, FUTEX_WAIT, 1, nullptr, nullptr, 0);
    }
  }

  // After each change: wakes the sleeper if there is one.
  void wake() {
    // SLEEP: the change comes before the look below.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    // relaxed: a side that is woken looks again, and that look has the edges it needs.
    if (asleep.load(std::memory_order_relaxed) != 0) wake_anyway();
  }

  // Wakes the sleeper, whatever the word says: for a side that follows one that was killed,
  // which may have cleared the word and not reached its system call.
  void wake_anyway() {
    // SLEEP: the change, of this side or of the dead one, comes before the store below.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    asleep.store(0, std::memory_order_relaxed);
    ::syscall(SYS_futex, &asleep, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  }
  //<

  // Written by both sides.
  std::atomic<std::uint32_t> asleep = 0;

  static_assert(std::atomic<std::uint32_t>::is_always_lock_free,
                "a lock inside would be another one in each process");
  static_assert(sizeof(std::atomic<std::uint32_t>) == 4, "the system waits for 32 bits");
};
