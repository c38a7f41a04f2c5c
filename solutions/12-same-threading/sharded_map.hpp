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
    //> step 1(key): one shard for each key; a shard more may give few keys another owner
    return shard_by_jump(key, shards());
    //<
  }

  // Has `change` called with the value of `key`, which is made first if there is none, by the
  // key's owner; waits for it, and returns the value that it left. What `change` throws comes
  // out here. `change` may not use the map.
  template <typename Change>
  Value update(std::size_t self, const Key& key, Change change) {
    //> step 1(self, key, change): have the owner change what it keeps for the key
    std::optional<Value> left;
    at_owner(self, key, [&](Entries& entries) {
      Value& value = entries[key];
      change(value);
      left = value;
    });
    return *std::move(left);
    //<
  }

  // The value of `key`, if it has one. Waits for the owner.
  [[nodiscard]] std::optional<Value> find(std::size_t self, const Key& key) {
    //> step 1(self, key): have the owner look
    std::optional<Value> value;
    at_owner(self, key, [&](Entries& entries) {
      if (const auto found = entries.find(key); found != entries.end()) {
        value = found->second;
      }
    });
    return value;
    //<
  }

  // How many keys this shard has.
  [[nodiscard]] std::size_t entries(std::size_t self) const {
    return shards_[self]->entries.size();
  }

  // Serves what other shards have asked so far; does not wait.
  void serve(std::size_t self) {
    //> step 2(self): every request that is there
    Shard& own = *shards_[self];
    std::unique_lock lock(own.mutex);
    while (!own.requests.empty()) serve_next(own, lock);
    //<
  }

  // This shard asks no more. Serves until no shard does: each shard leaves once, and then all
  // may begin again.
  void leave(std::size_t self) {
    //> step 3(self, left_): count yourself out; the last one wakes all; serve until then
    // acq_rel: what each shard did before it left happens before the others return.
    const std::size_t before = left_.fetch_add(1, std::memory_order_acq_rel);
    const std::size_t all = (before / shards() + 1) * shards();
    if (before + 1 == all) {
      for (const auto& shard : shards_) {
        // A shard that has looked and found the others there is asleep once this lock is free.
        { const std::scoped_lock lock(shard->mutex); }
        shard->changed.notify_one();
      }
    }
    serve_until(*shards_[self],
                [&] { return left_.load(std::memory_order_acquire) >= all; });
    //<
  }

  // Adds a shard, while no shard uses the map. Returns how many keys moved to it.
  std::size_t grow() {
    //> step 4(shards_): a shard more; the keys whose owner is another one now move to it
    const std::size_t before = shards();
    add_shards(1);
    // relaxed: no shard is in the map, its owner is alone.
    left_.store(0, std::memory_order_relaxed);
    std::size_t moved = 0;
    for (std::size_t shard = 0; shard < before; ++shard) {
      Entries& entries = shards_[shard]->entries;
      for (auto entry = entries.begin(); entry != entries.end();) {
        const auto next = std::next(entry);
        if (const std::size_t now = owner(entry->first); now != shard) {
          shards_[now]->entries.insert(entries.extract(entry));
          ++moved;
        }
        entry = next;
      }
    }
    return moved;
    //<
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
    //> step 2(owner_of_key, request): put it in the owner's queue, wake it, serve until done
    {
      const std::scoped_lock lock(owner_of_key.mutex);
      owner_of_key.requests.push_back(&request);
    }
    owner_of_key.changed.notify_one();
    serve_until(*shards_[request.asker], [&] { return request.done; });
    if (request.error) std::rethrow_exception(std::move(request.error));
    //<
  }

  //> hide
  // Serves others until `done()`, which is asked under the shard's lock.
  template <typename Done>
  void serve_until(Shard& own, Done done) {
    std::unique_lock lock(own.mutex);
    while (true) {
      own.changed.wait(lock, [&] { return done() || !own.requests.empty(); });
      if (done()) return;
      serve_next(own, lock);
    }
  }

  // Serves the oldest request. The lock is not held meanwhile.
  void serve_next(Shard& own, std::unique_lock<std::mutex>& lock) {
    Request* const request = own.requests.front();
    own.requests.pop_front();
    lock.unlock();
    answer(*request, own.entries);
    lock.lock();
  }

  //<
  // Does what `request` asks for, with this shard's entries, and tells its asker.
  void answer(Request& request, Entries& entries) {
    //> step 2(request, entries): do the work, keep what it throws, and wake the asker
    std::exception_ptr error;
    try {
      request.work(entries);
    } catch (...) {
      error = std::current_exception();
    }
    Shard& asker = *shards_[request.asker];
    {
      const std::scoped_lock lock(asker.mutex);
      request.error = std::move(error);
      request.done = true;
    }
    // Not `request`: its asker may have returned, and it is gone.
    asker.changed.notify_one();
    //<
  }

  // Written by the map's owner.
  std::vector<std::unique_ptr<Shard>> shards_;

  // Written by each shard that leaves: how often one has left.
  std::atomic<std::size_t> left_ = 0;
};
