// N single-threaded systems side by side: each shard has a core, a thread, a memory and an
// inbox, and no thread ever touches another shard's memory.
//
//   any thread --post(1, request)--> [inbox 1] --> shard 1's thread --> its memory
//              --post(2, request)--> [inbox 2] --> shard 2's thread --> its memory
//
// Threads     post, ask, shards, pinned: any thread, a shard's own too. Construct: the owner.
//             Destroy: the owner, once no request is left that posts another.
// Progress    Blocking: an inbox has a lock, held only to put a request in or to take all out.
//             A shard with nothing to do sleeps.
//
// Invariants
//   I1  A memory is built, used and destroyed by its shard's thread alone.
//   I2  requests_ and closed_ are read and written only while their inbox's mutex_ is held.
//   I3  What one thread posts to one shard is served in that order, one request at a time.
//   I4  What was posted before the destructor is served before a shard ends.
//
// Edges       INBOX  post unlocks mutex_  -->  the shard that takes the request locks it
//
// Left out    A shard that waits for another's answer (exercise 12.1: two that do it here, with
//             ask(...).get(), wait for each other). Inboxes without a lock (exercise 12.2).
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "pinning.hpp"

//> region inbox
// Where a shard's requests arrive.
template <typename Request>
class Inbox {
 public:
  void put(Request request) {
    const std::scoped_lock lock(mutex_);
    requests_.push_back(std::move(request));
    // For the requests behind the first one it was notified already.
    if (requests_.size() == 1) changed_.notify_one();
  }

  // All that has arrived, in order, waiting for it; nothing once the inbox is closed and
  // everything was taken.
  [[nodiscard]] std::vector<Request> take_all() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !requests_.empty(); });
    return std::exchange(requests_, {});
  }
  //<

  void close() {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    changed_.notify_one();
  }

 private:
  // Written by any thread that holds mutex_.
  std::mutex mutex_;
  std::condition_variable changed_;  // the shard waits here
  std::vector<Request> requests_;
  bool closed_ = false;
};

// `Memory` is what a shard owns; it has a default constructor.
template <typename Memory>
class SameThreading {
 public:
  // May not throw: there is no thread to throw to. `ask` is for those that may.
  using Request = std::function<void(Memory&)>;

  // Starts `shards` shards, at least 1, and returns once each is on its core.
  explicit SameThreading(std::size_t shards) : inboxes_(shards), started_(count(shards)) {
    const std::vector<unsigned> cores = cores_allowed();
    pinned_.resize(shards);
    try {
      for (std::size_t shard = 0; shard < shards; ++shard) {
        threads_.emplace_back([this, shard, cores] { live(shard, cores); });
      }
    } catch (...) {
      close();
      throw;
    }
    started_.wait();
  }

  SameThreading(const SameThreading&) = delete;
  SameThreading& operator=(const SameThreading&) = delete;

  // Serves what was posted, and ends the shards.
  ~SameThreading() { close(); }

  [[nodiscard]] std::size_t shards() const noexcept { return inboxes_.size(); }

  // How many shards have a core of their own. The others run where the system puts them:
  // there are fewer cores than shards, or pinning is not allowed here.
  [[nodiscard]] std::size_t pinned() const {
    std::size_t count = 0;
    for (const Pinned& one : pinned_) count += one.is ? 1 : 0;
    return count;
  }

  // Has `request` served by `shard`, and does not wait for it.
  void post(std::size_t shard, Request request) {
    inboxes_[shard].put(std::move(request));
  }

  //> region ask
  // Has `request` served by `shard`; its result, or what it throws, comes in the future.
  // A shard may not wait for that future: while it waits it serves none.
  template <typename Function>
  [[nodiscard]] auto ask(std::size_t shard, Function request) {
    using Result = std::invoke_result_t<Function&, Memory&>;
    auto task = std::make_shared<std::packaged_task<Result(Memory&)>>(std::move(request));
    std::future<Result> result = task->get_future();
    post(shard, [task = std::move(task)](Memory& memory) { (*task)(memory); });
    return result;
  }
  //<

 private:
  static std::ptrdiff_t count(std::size_t shards) {
    return static_cast<std::ptrdiff_t>(shards);
  }

  //> region live
  // The whole life of a shard. Its memory is built here, after the thread has reached its
  // core: no other thread has its address, but through a request.
  void live(std::size_t shard, const std::vector<unsigned>& cores) noexcept {
    if (shard < cores.size()) pinned_[shard].is = pin_to(cores[shard]);
    started_.count_down();
    Memory memory{};
    while (true) {
      const std::vector<Request> requests = inboxes_[shard].take_all();
      if (requests.empty()) return;
      for (const Request& request : requests) request(memory);
    }
  }
  //<

  void close() {
    for (Inbox<Request>& inbox : inboxes_) inbox.close();
    threads_.clear();
  }

  struct Pinned {
    bool is = false;
  };

  // Shared with the shards.
  std::vector<Inbox<Request>> inboxes_;
  std::latch started_;

  // Each written by its shard before it is started_, read afterwards.
  std::vector<Pinned> pinned_;

  // Written by the owner. Last, so that they are joined before what they use is destroyed.
  std::vector<std::jthread> threads_;
};
