// A queue between a sender and a receiver, and a decision: what becomes of a receiver that
// does not keep up.
//
//                                 .-- kWait        the sender waits for room
//   send --> [ 7 6 5 4 ] --> receive
//               full?  -----------+-- kDropOldest  4 is dropped, and counted
//                                 '-- kCutOff      the receiver is cut off: 4 5 6 7, and the end
//
// Threads     send: one thread at a time. receive: one thread at a time. All else: any thread.
//             Construct and destroy while no call is running and no watcher is left.
// Progress    send: blocking under kWait, until there is room or the channel ends; otherwise
//             it only ever waits for the lock. receive: blocking. poll: as long as the lock.
//
// Invariants
//   I1  All fields below mutex_ are read and written only while it is held.
//   I2  The queue holds at most `capacity` messages, in the order in which they were sent.
//   I3  Once ended_ is true nothing is added any more. It never becomes false again.
//   I4  A message is in the queue, was handed to one caller, or is counted in missed_.
//   I5  After each change that can make `poll` answer differently, every watcher is told,
//       before mutex_ is let go.
//
// Edges       MESSAGE  send unlocks mutex_  -->  receive, poll lock it
//             ROOM     receive, poll unlock mutex_  -->  send locks it
//
// Left out    Several receivers that sleep on several channels at once: exercise 8.2.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

// What `send` does when the queue is full.
enum class Slow : std::uint8_t { kWait, kDropOldest, kCutOff };

// Told of each change of the channels that it watches.
class Watcher {
 public:
  // The channel may now have a message, or have ended. Called by whichever thread changed it,
  // while it holds the channel's lock: must be short, and must not call the channel.
  virtual void changed() noexcept = 0;

 protected:
  ~Watcher() = default;
};

// What a look at a channel found: a message, its end, or nothing yet.
template <typename Message>
struct Look {
  std::optional<Message> message;
  bool ended = false;  // no message is left, and none will come
};

template <typename Message>
class Channel {
 public:
  // Throws std::invalid_argument if there is no room for any message.
  Channel(std::size_t capacity, Slow slow) : capacity_(capacity), slow_(slow) {
    if (capacity == 0) throw std::invalid_argument("a channel needs room for a message");
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  //> region send
  // Appends `message`, or does what was decided for a full queue. Returns whether it was
  // appended: nothing can be sent once the channel has ended.
  bool send(Message message) {
    {
      std::unique_lock lock(mutex_);
      if (slow_ == Slow::kWait) {
        has_room_.wait(lock, [this] { return queue_.size() < capacity_ || ended_; });
      }
      if (!ended_ && queue_.size() == capacity_) make_room();
      if (ended_) return false;
      queue_.push_back(std::move(message));
      tell_watchers();
    }
    not_empty_.notify_one();
    return true;
  }
  //<

  // The oldest message, waiting for it if need be; nothing once the channel has ended and all
  // that was in it was received. What a message's move throws leaves it in the channel.
  [[nodiscard]] std::optional<Message> receive() {
    std::optional<Message> message;
    {
      std::unique_lock lock(mutex_);
      not_empty_.wait(lock, [this] { return !queue_.empty() || ended_; });
      take(message);
    }
    has_room_.notify_one();
    return message;
  }

  // The same without waiting.
  [[nodiscard]] Look<Message> poll() {
    Look<Message> look;
    {
      const std::scoped_lock lock(mutex_);
      take(look.message);
      look.ended = !look.message && ended_;
    }
    if (look.message) has_room_.notify_one();
    return look;
  }

  // The sender has no more to say; what is queued can still be received.
  void close() {
    const std::scoped_lock lock(mutex_);
    end();
  }

  // The receiver is gone: what is queued is dropped, and a sender that waits for room returns.
  void leave() {
    const std::scoped_lock lock(mutex_);
    queue_.clear();
    end();
  }

  // `watcher.changed()` is called after each change from now on, until `unwatch` returns.
  // What happened before is not told again: watch first, then look.
  void watch(Watcher& watcher) {
    const std::scoped_lock lock(mutex_);
    watchers_.push_back(&watcher);
  }
  void unwatch(Watcher& watcher) noexcept {
    const std::scoped_lock lock(mutex_);
    watchers_.erase(std::remove(watchers_.begin(), watchers_.end(), &watcher),
                    watchers_.end());
  }

  // How many messages were dropped because the receiver did not keep up.
  [[nodiscard]] std::uint64_t missed() const {
    const std::scoped_lock lock(mutex_);
    return missed_;
  }

  // Whether the channel ended because the receiver did not keep up.
  [[nodiscard]] bool cut_off() const {
    const std::scoped_lock lock(mutex_);
    return cut_off_;
  }

 private:
  // All below: mutex_ is held.

  //> region make-room
  // The queue is full, and the sender does not wait.
  void make_room() {
    if (slow_ == Slow::kDropOldest) {
      queue_.pop_front();
      ++missed_;
    } else {
      cut_off_ = true;
      end();
    }
  }
  //<

  // Moves the oldest message, if there is one. First into place, then out of the queue: what the
  // move throws leaves it there.
  void take(std::optional<Message>& message) {
    if (queue_.empty()) return;
    message.emplace(std::move(queue_.front()));
    queue_.pop_front();
  }

  void end() {
    ended_ = true;
    tell_watchers();
    not_empty_.notify_all();
    has_room_.notify_all();
  }

  void tell_watchers() {
    for (Watcher* watcher : watchers_) watcher->changed();
  }

  const std::size_t capacity_;
  const Slow slow_;

  // Written by any thread that holds mutex_.
  mutable std::mutex mutex_;
  std::condition_variable not_empty_;
  std::condition_variable has_room_;
  std::deque<Message> queue_;
  std::vector<Watcher*> watchers_;
  std::uint64_t missed_ = 0;
  bool cut_off_ = false;
  bool ended_ = false;
};
