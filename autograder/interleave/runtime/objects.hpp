// What the runtime knows of the program's blocking objects. An object is known by its
// address alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "interleave/runtime/address_map.hpp"
#include "interleave/runtime/thread.hpp"
#include "interleave/runtime/thread_set.hpp"
#include "interleave/trace/operation.hpp"

namespace interleave {

// What the program did with an object of C's: most begin their life without a call.
enum class Life : std::uint8_t { kUnknown, kMade, kDestroyed };

// A mutex, a reader-writer lock, or the right to run something once.
struct Lock {
  Address address = 0;
  ThreadId owner = kNoThread;
  std::uint32_t depth = 0;  // of a recursive mutex
  ThreadSet readers;
  ThreadId last_owner = kNoThread;
  std::uint64_t hand_overs = 0;  // from one thread to another
  Life life = Life::kUnknown;

  [[nodiscard]] bool free_for_writer() const {
    return owner == kNoThread && readers.empty();
  }
  [[nodiscard]] bool free_for_reader() const { return owner == kNoThread; }
  [[nodiscard]] bool held() const { return !free_for_writer(); }
};

// Threads that wait for a signal on a condition variable or on a futex, the first come first.
struct WaitQueue {
  Address address = 0;
  std::array<std::uint8_t, kMostThreads> waiters{};
  std::size_t size = 0;
  std::uint32_t last_notify = 0;  // step; 0: never
  Life life = Life::kUnknown;     // of the condition variable

  void add(ThreadId thread) { waiters[size++] = static_cast<std::uint8_t>(thread); }
  void remove(ThreadId thread);
};

struct Semaphore {
  Address address = 0;
  bool known = false;
  std::uint64_t count = 0;
};

struct Barrier {
  Address address = 0;
  std::uint64_t expected = 0;
  std::uint64_t arrived = 0;
  Life life = Life::kUnknown;
};

// All of one run. An object is known from its first use on.
class Objects {
 public:
  void clear() {
    locks_.clear();
    queues_.clear();
    semaphores_.clear();
    barriers_.clear();
  }

  [[nodiscard]] Lock& lock(Address address) { return locks_[address]; }
  [[nodiscard]] WaitQueue& queue(Address address) { return queues_[address]; }
  [[nodiscard]] Semaphore& semaphore(Address address) { return semaphores_[address]; }
  [[nodiscard]] Barrier& barrier(Address address) { return barriers_[address]; }
  [[nodiscard]] AddressMap<Lock>& locks() { return locks_; }

 private:
  AddressMap<Lock> locks_;
  AddressMap<WaitQueue> queues_;
  AddressMap<Semaphore> semaphores_;
  AddressMap<Barrier> barriers_;
};

}  // namespace interleave
