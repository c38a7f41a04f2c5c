// Receives from whichever of several channels is ready.
//
//   channel 0 [ 7 ] <--.                    a channel that changes rings the bell
//   channel 1 [   ] <--- look, one by one       |
//   channel 2 [ 4 ] <--'       |                v
//                              '--> nothing? sleep by it --> look again
//
// Threads     A Select: one thread at a time; several may share channels. changed: whichever
//             thread changes a channel. The channels outlive the Select.
// Progress    try_receive: as long as the channels' locks. receive: blocking; it sleeps.
//
// Invariants
//   I1  A look takes at most one message, from one channel, or tells one end.
//   I2  open_ names the channels whose end was not told yet: each end is told once.
//   I3  The bell watches every open channel before the look after which receive sleeps. A change
//       before that look is found by it; a change after it rings.
//   I4  The bell watches no channel while no receive is running, however the last one ended.
//   I5  No lock of ours is held while a channel is called. A channel calls us under its own.
//
// Edges       RING  a channel sets rung_ under mutex_  -->  wait reads it under mutex_
//
// Left out    Sending to whichever has room.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <numeric>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "channel.hpp"
#include "course/todo.hpp"

// What a thread sleeps by until a channel rings it.
class Bell final : public Watcher {
 public:
  // A channel has changed. The channel's lock is held.
  void changed() noexcept override {
    // TODO 1: remember the ring, and wake the thread that waits
    course::todo(1, rung_);
  }

  // Sleeps until the bell has rung since the last `wait`.
  void wait() {
    // TODO 1: sleep until it has rung; the next wait wants another ring
    course::todo(1);
  }

 private:
  // Written by any thread that holds mutex_.
  std::mutex mutex_;
  std::condition_variable woken_;
  bool rung_ = false;
};

// What was received, and where: a message, or the end of that channel.
template <typename Message>
struct Selected {
  std::size_t channel;             // as counted in the constructor's list, from 0
  std::optional<Message> message;  // none: the channel has ended
};

template <typename Message>
class Select {
 public:
  // Receives from `channels`, no two of them the same. Of several that are ready it takes the
  // one that is listed first.
  explicit Select(std::vector<Channel<Message>*> channels)
      : channels_(std::move(channels)), open_(channels_.size()) {
    std::iota(open_.begin(), open_.end(), std::size_t{0});
  }

  // The same, but of several that are ready each has the same chance. The same `seed` leads to
  // the same choices.
  Select(std::vector<Channel<Message>*> channels, std::uint64_t seed)
      : Select(std::move(channels)) {
    random_.emplace(seed);
  }
  Select(const Select&) = delete;
  Select& operator=(const Select&) = delete;

  // One message of a channel that has one, or one end that was not told yet; nothing if no
  // channel is ready. What a message's move throws leaves the message in its channel.
  [[nodiscard]] std::optional<Selected<Message>> try_receive() {
    if (random_) draw_order();
    return take_one();
  }

  // The same, waiting for a channel that is ready; nothing once every channel's end was told.
  [[nodiscard]] std::optional<Selected<Message>> receive() {
    if (random_) draw_order();
    return wait_for_one();
  }

 private:
  // Asks the open channels in the order of open_, and takes what the first ready one has.
  [[nodiscard]] std::optional<Selected<Message>> take_one() {
    // TODO 2: the first message, or the first end, and nothing more
    course::todo(2);
  }

  // As take_one, but sleeps while no channel is ready and some are still open.
  [[nodiscard]] std::optional<Selected<Message>> wait_for_one() {
    // TODO 3: take one if you can; else have the bell watch, look again, and sleep
    course::todo(3);
  }

  // Puts open_ into an order in which each of the channels that are ready has the same chance
  // to be asked first, whichever are ready.
  void draw_order() {
    // TODO 4: draw one of all orders, each as likely
    course::todo(4, random_);
  }

  const std::vector<Channel<Message>*> channels_;

  // Written by the Select's thread.
  std::vector<std::size_t> open_;
  std::optional<std::mt19937_64> random_;  // none: in the order of the list

  // Written by any thread that changes a channel.
  Bell bell_;
};
