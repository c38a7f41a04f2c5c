// A topic: what is published to it reaches each subscriber, and the publisher names none.
//
//                             .--> [ 3 2   ] --> subscription 1   (it keeps up)
//   publisher --publish(3)--> topic
//                             '--> [ 3 2 1 ] --> subscription 2   (full: see channel.hpp)
//
// Threads     publish, subscribe, close: any thread. A Subscription: one thread at a time.
//             The topic outlives its subscriptions.
// Progress    publish: one at a time, and as `Channel::send` for each subscriber: a subscriber
//             under Slow::kWait that has stopped reading stops the publisher. subscribe and
//             unsubscribing never wait for a publisher.
//
// Invariants
//   I1  subscribers_ is written while changing_ and members_ are held, and read while one of the
//       two is. The list that it points to is never changed: each change makes a new one, as in
//       lesson 3, before members_ is taken. closed_ is read and written while changing_ is held.
//   I2  Messages are published one at a time, so all subscribers see them in one order.
//   I3  A subscriber receives every message whose `publish` began after `subscribe` returned,
//       but for those that its own decision (Slow) dropped.
//   I4  Neither changing_ nor members_ is held while a channel is sent to: a subscriber that
//       comes or goes does not wait for a slow one. members_ is held for as long as it takes to
//       copy or swap a pointer: a publisher does not wait for a new list to be made.
//
// Edges       MEMBERS  subscribe unlocks members_  -->  publish locks it
//             Otherwise the channel's.
//
// Errors      If copying a message throws, the subscribers before that one have it, the others
//             do not. Unsubscribing needs memory for the shorter list, and ends the program
//             where there is none.
//
// Left out    One copy for all subscribers: exercise 8.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "channel.hpp"

template <typename Message>
class Topic {
 public:
  class Subscription;

  Topic() = default;
  Topic(const Topic&) = delete;
  Topic& operator=(const Topic&) = delete;

  //> region publish
  // Gives a copy of `message` to each subscriber of this moment.
  void publish(const Message& message) {
    const std::scoped_lock one_at_a_time(publishing_);
    const std::shared_ptr<const List> subscribers = list();
    for (const auto& channel : *subscribers) channel->send(message);
  }
  //<

  //> region subscribe
  // What is published from now on arrives in the subscription, of which at most `capacity`
  // messages are kept; `slow` is what happens to the next one. A closed topic has no more
  // messages: its new subscribers see the end at once.
  [[nodiscard]] Subscription subscribe(std::size_t capacity, Slow slow) {
    auto channel = std::make_shared<Channel<Message>>(capacity, slow);
    const std::scoped_lock lock(changing_);
    if (closed_) channel->close();
    auto longer = std::make_shared<List>(*subscribers_);
    longer->push_back(channel);
    replace_list(std::move(longer));
    return Subscription(*this, std::move(channel));
  }
  //<

  // Nothing more will be published. Subscribers receive what they have, and then the end; a
  // publisher that waits for one of them returns.
  void close() {
    const std::scoped_lock lock(changing_);
    closed_ = true;
    for (const auto& channel : *subscribers_) channel->close();
  }

 private:
  using List = std::vector<std::shared_ptr<Channel<Message>>>;

  [[nodiscard]] std::shared_ptr<const List> list() const {
    const std::scoped_lock lock(members_);
    return subscribers_;
  }

  void remove(const std::shared_ptr<Channel<Message>>& channel) {
    const std::scoped_lock lock(changing_);
    auto shorter = std::make_shared<List>();
    for (const auto& other : *subscribers_) {
      if (other != channel) shorter->push_back(other);
    }
    replace_list(std::move(shorter));
  }

  // changing_ is held. The old list is destroyed here, after members_ was let go.
  void replace_list(std::shared_ptr<const List> list) {
    const std::scoped_lock lock(members_);
    subscribers_.swap(list);
  }

  // Held by the publisher of the moment.
  std::mutex publishing_;

  // Written by any thread that holds changing_, and subscribers_ only if it has members_ too.
  std::mutex changing_;
  mutable std::mutex members_;
  std::shared_ptr<const List> subscribers_ = std::make_shared<const List>();
  bool closed_ = false;
};

// A subscriber's end of a topic. Unsubscribes when it is destroyed.
template <typename Message>
class Topic<Message>::Subscription {
 public:
  Subscription(Subscription&&) noexcept = default;
  Subscription& operator=(Subscription&&) = delete;

  // Leaves first, so that a publisher that waits for this subscriber lets go of it. The channel
  // lives on for as long as a publisher still has it in its list.
  ~Subscription() {
    if (channel_ == nullptr) return;
    channel_->leave();
    topic_.remove(channel_);
  }

  // As Channel's functions of these names.
  [[nodiscard]] std::optional<Message> receive() { return channel_->receive(); }
  [[nodiscard]] Look<Message> poll() { return channel_->poll(); }
  [[nodiscard]] std::uint64_t missed() const { return channel_->missed(); }
  [[nodiscard]] bool cut_off() const { return channel_->cut_off(); }

 private:
  friend class Topic;
  Subscription(Topic& topic, std::shared_ptr<Channel<Message>> channel)
      : topic_(topic), channel_(std::move(channel)) {}

  Topic& topic_;
  std::shared_ptr<Channel<Message>> channel_;
};
