// One value that many writers change and many readers read, version by version.
//
//   reader: snapshot --> version 7            a reader keeps its version as long as it wants
//   root_ -----------------> version 8        the newest
//   writer:        version 8 --> version 9    made aside, then put in place of 8, if 8 is
//                                             still the newest; else made again, of 9
//
// Threads     Any thread, any function. Construct and destroy while no call is running.
// Progress    snapshot, read: lock-free, as in atomic_root.hpp, but for what the reader
//             itself does. update: lock-free; a writer that tries again was overtaken by
//             one that succeeded.
//
// Invariants
//   I1  A version does not change once it is in root_.
//   I2  Version n + 1 is what one change made of version n. No number is left out, and none
//       is given twice.
//   I3  A version is freed when it is not the newest and no snapshot holds it.
//
// Edges       PUBLISH  update puts a version into root_  -->  snapshot takes it from there
//             SETTLE   the last one to let go of a version frees it
//             Both are those of atomic_root.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "atomic_root.hpp"
#include "course/todo.hpp"

template <typename Value>
class SnapshotStore {
 public:
  struct Version {
    std::uint64_t number;  // 0 for the first, then one more each
    Value value;
  };
  // Keeps its version alive, and the same, whatever writers do.
  using Snapshot = std::shared_ptr<const Version>;

  explicit SnapshotStore(Value first) : root_(version(0, std::move(first))) {}
  SnapshotStore(const SnapshotStore&) = delete;
  SnapshotStore& operator=(const SnapshotStore&) = delete;

  // The newest version.
  [[nodiscard]] Snapshot snapshot() const {
    // TODO 1: take the newest version, and an owner's share of it
    course::todo(1, root_);
  }

  // What `reader(value)` returns for the newest value, which stays alive and the same until
  // the reader returns. Does not copy the value. The reader must not return a reference
  // into it.
  template <typename Reader>
  std::invoke_result_t<Reader&, const Value&> read(Reader reader) const {
    // TODO 1: hand the reader the newest value, and keep that alive for so long
    course::todo(1, reader);
  }

  // Replaces the newest value by what `change(value)` makes of it; returns the version that
  // holds it. It replaces exactly the version that `change` was last given, also by one with
  // an equal value. `change` may be called several times, and should have no other effect.
  template <typename Change>
  Snapshot update(Change change) {
    // TODO 2: make the next version aside, put it in place; if overtaken, again
    course::todo(2, change);
  }

 private:
  static Snapshot version(std::uint64_t number, Value value) {
    return std::make_shared<const Version>(Version{number, std::move(value)});
  }

  // load(), store(desired), compare_exchange(expected, desired): as in atomic_root.hpp.
  // Written by any thread.
  AtomicRoot<Version> root_;
};
