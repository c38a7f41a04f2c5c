// A map whose keys are spread over the threads that use it: each key has one owner, which
// alone touches its value; the others ask it.
//
//   shard 0's thread --update("ink", …)--.  the owner is 0: at once, no lock
//                                        |
//                    --update("paper",…)-'--> [requests of 1] --> shard 1's thread: its entries
//                    serves what others ask  <-------- done, and woken ------'
//
// Threads     update, find, serve, leave, entries: a shard's own thread, which gives its
//             number as `self`. owner, shards: any thread. Construct, grow, destroy: the owner
//             of the map, while no shard uses it.
// Progress    Blocking. An own key costs no lock. A shard that asks sleeps until the
//             answer, or another shard's request, is there.
//
// Invariants
//   I1  A key's value is in its owner's entries, and nowhere else.
//   I2  A shard's entries are touched by its thread alone (by grow's while no shard is used).
//   I3  A shard's requests, and the done and error of what it asked itself, are read and
//       written only while its mutex is held.
//   I4  A shard that waits, for an answer or for the others to leave, serves.
//   I5  A request is its asker's: once it is done the server does not touch it.
//
// Edges       ASK     the asker unlocks the owner's mutex   -->  the owner takes the request
//             ANSWER  the owner unlocks the asker's mutex   -->  the asker sees it done
//             LEAVE   the last shard to leave unlocks each mutex in turn  -->  that shard's look
//
// Left out    Requests without a lock, and several under way at once (exercise 12.2).
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <shard_of.hpp>  // the lesson's: from a key to a shard, in two ways
#include <unordered_map>
#include <utility>
#include <vector>

#include "course/todo.hpp"

template <typename Key, typename Value>
class ShardedMap {
 public:
  // `shards` is at least 1.
  explicit ShardedMap(std::size_t shards) { add_shards(shards); }

  ShardedMap(const ShardedMap&) = delete;
  ShardedMap& operator=(const ShardedMap&) = delete;

  [[nodiscard]] std::size_t shards() const noexcept { return shards_.size(); }

  // The shard that owns `key`.
  [[nodiscard]] std::size_t owner(const Key& key) const {
    // TODO 1: one shard for each key; a shard more may give few keys another owner
    course::todo(1, key);
  }

  // Has `change` called with the value of `key`, which is made first if there is none, by the
  // key's owner; waits for it, and returns the value that it left. What `change` throws comes
  // out here. `change` may not use the map.
  template <typename Change>
  Value update(std::size_t self, const Key& key, Change change) {
    // TODO 1: have the owner change what it keeps for the key
    course::todo(1, self, key, change);
  }

  // The value of `key`, if it has one. Waits for the owner.
  [[nodiscard]] std::optional<Value> find(std::size_t self, const Key& key) {
    // TODO 1: have the owner look
    course::todo(1, self, key);
  }

  // How many keys this shard has.
  [[nodiscard]] std::size_t entries(std::size_t self) const {
    return shards_[self]->entries.size();
  }

  // Serves what other shards have asked so far; does not wait.
  void serve(std::size_t self) {
    // TODO 2: every request that is there
    course::todo(2, self);
  }

  // This shard asks no more. Serves until no shard does: each shard leaves once, and then all
  // may begin again.
  void leave(std::size_t self) {
    // TODO 3: count yourself out; the last one wakes all; serve until then
    course::todo(3, self, left_);
  }

  // Adds a shard, while no shard uses the map. Returns how many keys moved to it.
  std::size_t grow() {
    // TODO 4: a shard more; the keys whose owner is another one now move to it
    course::todo(4, shards_);
  }

 private:
  using Entries = std::unordered_map<Key, Value>;

  // What a shard asks another. It lies on its asker's stack.
  struct Request {
    std::function<void(Entries&)> work;
    std::size_t asker;
    std::exception_ptr error;  // what `work` threw
    bool done = false;
  };

  // Of x86-64 and of most arm64, in bytes.
  static constexpr std::size_t kCacheLine = 64;

  struct alignas(kCacheLine) Shard {
    // Written by the shard's thread.
    Entries entries;

    // Written by any thread that holds the mutex.
    std::mutex mutex;
    std::condition_variable
        changed;  // the shard waits here: a request, an answer, the end
    std::deque<Request*> requests;
  };

  void add_shards(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) shards_.push_back(std::make_unique<Shard>());
  }

  // Has `work` done with the entries of the owner of `key`, by the owner.
  template <typename Work>
  void at_owner(std::size_t self, const Key& key, Work work) {
    const std::size_t owner_of_key = owner(key);
    if (owner_of_key == self) {
      work(shards_[self]->entries);
    } else {
      // By reference: it stays here until it is done, and nothing is allocated for it.
      ask(*shards_[owner_of_key], {std::ref(work), self, nullptr});
    }
  }

  // Leaves `request` with `owner_of_key`, and waits until it is done.
  void ask(Shard& owner_of_key, Request request) {
    // TODO 2: put it in the owner's queue, wake it, serve until done
    course::todo(2, owner_of_key, request);
  }

  // Does what `request` asks for, with this shard's entries, and tells its asker.
  void answer(Request& request, Entries& entries) {
    // TODO 2: do the work, keep what it throws, and wake the asker
    course::todo(2, request, entries);
  }

  // Written by the map's owner.
  std::vector<std::unique_ptr<Shard>> shards_;

  // Written by each shard that leaves: how often one has left.
  std::atomic<std::size_t> left_ = 0;
};
