// Replaces a value by what is computed from it, as if no other had written meanwhile.
//
//        +-----------------------------------------------+
//        v                                               | conflict
//   read { value, version } --> change(value) --> compare_and_set(version)
//                                  | nothing             | done
//                                  v                     v
//                               declined             what was written
//
// Threads     Each call has a session of its own; any number of calls at the same time.
// Progress    No lock is held while `change` runs. Of several calls that meet at one key,
//             one succeeds; a conflict means that another call got on.
//
// Invariants
//   I1  What is written was computed from the very version that it replaces.
//   I2  Nothing that was read before a conflict is used after it.
//   I3  If `change` or `on_conflict` throws, nothing is written. If compare_and_set throws,
//       the write is in doubt, and is not tried again here.
//
// Left out    Several keys at once (exercise 4.2, step 3).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "course/todo.hpp"
#include "store.hpp"

// How an update ended.
struct Update {
  Versioned state;              // under the key, when the update took effect
  bool declined = false;        // `change` wanted nothing written
  std::uint64_t conflicts = 0;  // how often it had to start over
};

// An update met more conflicts than it was allowed.
class TooManyConflicts : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Replaces the value under `key` by `change(value)`, a std::optional<std::string>; without
// a value it writes nothing; a value that equals the one before is written like any other.
// `change` may be called several times, each time with a newer value, and must have no other
// effect. After this update's nth conflict `on_conflict(n)`
// is called, never a copy of it, so that one object can serve several updates; what it
// throws ends the update.
template <typename Change, typename OnConflict>
Update optimistic_update(Session& session, const std::string& key, Change change,
                         OnConflict&& on_conflict) {
  // TODO 1: read, compute, compare and set; retry
  course::todo(1, session, key, change, on_conflict);
}

// The same, trying until it succeeds.
template <typename Change>
Update optimistic_update(Session& session, const std::string& key, Change change) {
  return optimistic_update(session, key, std::move(change), [](std::uint64_t) {});
}

// What to do after a conflict: pause, longer each time, and give up in the end. An
// `on_conflict` for one thread's updates.
class Backoff {
 public:
  // Gives up at conflict `limit` + 1. The first pause is at most `first`, which is taken as
  // 1 ns if it is less; none is longer than `longest`, which is 1 ns at least. Workers with
  // different seeds pause for different times.
  Backoff(std::uint64_t limit, std::chrono::nanoseconds first,
          std::chrono::nanoseconds longest, std::uint64_t seed)
      : limit_(limit),
        first_(std::max(first, std::chrono::nanoseconds(1))),
        longest_(longest),
        random_(seed) {}

  // Sleeps for a pause, or throws TooManyConflicts, which says how many there were.
  void operator()(std::uint64_t conflicts) {
    // TODO 2: throw above the limit, else sleep for a pause
    course::todo(2, conflicts, limit_);
  }

  // The pause after conflict `conflicts`, from 1. Its upper end is `first`, doubled for
  // each conflict before, but no more than `longest`; the pause is drawn anew each time,
  // between half of that end, rounded up or down, and all of it.
  [[nodiscard]] std::chrono::nanoseconds pause(std::uint64_t conflicts) {
    // TODO 2: the upper end, then draw below it
    course::todo(2, conflicts, first_, longest_, random_);
  }

 private:
  const std::uint64_t limit_;
  const std::chrono::nanoseconds first_;
  const std::chrono::nanoseconds longest_;

  // Written by the thread whose updates these are.
  std::mt19937_64 random_;
};
