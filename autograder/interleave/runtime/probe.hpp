// What happens when no thread can run: time has stood still, so it is over, one way or another.
//
//   spinners left?   let them look again, later in time; still spinning: livelock
//   waiters left?    wake them all for no reason. If one gets on with it, all it lacked was the
//                    wake-up: lost wake-up. If all go back to waiting: deadlock
//   doorbells left?  ring them once more: likewise
//   else             deadlock, with its cycle
//
// Threads     Called by the body's threads, of which one runs at a time.
// Invariant   While it is running, nothing is decided and nothing is traced: the schedule's
//             story has ended, and what follows only tells which ending it was.
#pragma once

#include <vector>

#include "interleave/runtime/thread.hpp"
#include "interleave/trace/failure.hpp"

namespace interleave {

class Probe {
 public:
  void begin_run() { running_ = false; }

  // Returns if some thread can run after all; else the schedule fails.
  void nothing_can_run();

  // Whether the waiters were woken for no reason, to tell a deadlock from a lost wake-up.
  [[nodiscard]] bool running() const { return running_; }

  // A thread that changes something while it is running had lost its wake-up: the schedule fails.
  void made_progress(Thread& self) {
    if (running_) conclude_lost_wake_up(self);
  }
  // A loop that finds nothing after a ring may yet write down that it found nothing: what counts
  // is whether memory is another when all wait again.
  void about_to_write(Thread& self, Address address, std::uint64_t size);
  // To come to its end is no progress of a thread that only lacked a ring that never came.
  void thread_ends(Thread& self);

  // Each thread that has not finished, what it is about to do and who holds what it needs.
  [[nodiscard]] std::vector<Waiting> everybody_waiting() const;
  [[nodiscard]] ThreadId holder_of_need(const Thread& thread) const;

 private:
  static constexpr std::uint32_t kMostRenewals = 24;

  bool renew_spinners();
  void wake_everyone();
  [[nodiscard]] std::vector<ThreadId> find_cycle() const;
  void conclude_if_memory_changed();
  [[noreturn]] void conclude_deadlock();
  [[noreturn]] void conclude_lost_wake_up(Thread& woken);

  // -- Written by begin_run and nothing_can_run
  bool running_ = false;

  // -- Written by wake_everyone and about_to_write
  struct Write {
    ThreadId thread;
    Address address;
    std::uint64_t size;
    std::uint64_t content;  // before it
  };
  bool rang_ = false;           // a doorbell
  bool ring_was_lost_ = false;  // one that was rung more often than it was answered
  std::vector<Write> writes_;   // since then

  // -- Written by nothing_can_run, completed by the two that conclude
  Failure stuck_;  // what to report, as things stood before any thread was woken
};

// The only one. Every change asks it whether it is running, so it is not behind a call.
[[gnu::visibility("hidden")]] extern Probe the_probe;
[[nodiscard]] inline Probe& probe() { return the_probe; }

}  // namespace interleave
