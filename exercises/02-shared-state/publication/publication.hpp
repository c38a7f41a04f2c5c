// One value, handed by a leader to any number of readers through one flag.
//
//   leader   value_ = 42   ready_ = 1 ---PUBLISH---> ready_?  value_   reader
//                                     \--PUBLISH---> ready_?  value_   reader
//
// Threads     publish: one thread, once. try_read, wait: any thread. Construct and destroy
//             while no call is running.
// Progress    try_read: wait-free. publish: two stores and a wake-up, which is a system call
//             if a reader may be asleep; it never waits. wait: blocking; a reader that
//             waits sleeps.
//
// Invariants
//   I1  value_ is written before ready_ becomes 1, and never again.
//   I2  No thread reads value_ before having seen ready_ at 1.
//
// Edges
//   PUBLISH   publish stores ready_  -->  try_read and wait load ready_ and see 1
//
// Left out    Publishing a second value: exercise 3.2 does that, with one atomic root.
#pragma once

#include <atomic>
#include <utility>

#include "course/todo.hpp"

template <typename Value>
class Publication {
 public:
  Publication() = default;
  Publication(const Publication&) = delete;
  Publication& operator=(const Publication&) = delete;

  // Makes `value` what readers see from now on. At most one call in the object's life.
  void publish(Value value) {
    // TODO 1: put the value in place, then raise the flag that says so
    course::todo(1, value);
  }

  // The published value, which stays where it is until this object dies; nullptr if there
  // is none yet. Never waits.
  [[nodiscard]] const Value* try_read() const {
    // TODO 1: the value's address if the flag is up, else nullptr
    course::todo(1);
  }

  // The published value, waiting for it if need be.
  [[nodiscard]] const Value& wait() const {
    // TODO 2: sleep until the flag is up (publish must wake), then give the value
    course::todo(2);
  }

 private:
  // Written by the leader.
  Value value_{};
  // The flag: 0, then 1. An int, because that is what Linux can wait for without a detour.
  std::atomic<int> ready_ = 0;
};
