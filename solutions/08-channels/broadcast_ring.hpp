// One publisher, many subscribers, and one copy of each message, in a ring that all of them read.
//
//                cursor of b          cursor of a
//                     v                    v
//   try_receive <-- [ 3    4    5    6    7    8    _    _ ] <-- try_publish
//                                                   ^
//                     '---- b may still read -------'  published_ = 9
//
// BroadcastRing waits for the slowest: its subscribers lose nothing. LossyRing, below, waits for
// no subscriber: one that is overrun loses the oldest messages, and is told how many.
//
// Threads     try_publish, publish: the publisher only. subscribe: any thread. A Subscriber or a
//             Listener: one thread at a time. Construct and destroy a ring while no call is
//             running and no subscriber is left.
// Progress    try_publish, publish, BroadcastRing's try_receive, unsubscribe: wait-free.
//             subscribe: one look at each seat. LossyRing's try_receive: lock-free, it starts
//             over each time it is overrun. No lock, and no allocation after construction.
//
// Invariants
//   I1  Message k, counted from the first number, lies in slot k & mask_. Messages below
//       published_ are there; only the publisher writes published_, and it only grows.
//   I2  A seat is free (kFree), or holds the number of the next message that its subscriber
//       has not read yet.
//   I3  slowest_ is not above the seat of any subscriber that has arrived: message k is written
//       only if k < slowest_ + capacity, so no slot is written that a subscriber may still read.
//   I4  LossyRing: message k is whole if, after its words were copied, published_ is still less
//       than k + capacity. At k + capacity the publisher may be writing over it.
//
// Edges
//   PUBLISH   the publisher stores published_  -->  a subscriber loads it and finds a message
//   DRAIN     a subscriber stores its seat     -->  the publisher loads it and reuses the slot
//> hide
//   JOIN      a subscriber takes a seat, then loads published_; the publisher stores published_,
//             then loads the seats. seq_cst: one of the two sees the other.
//<
//   OVERRUN   the publisher stores a word  -->  a listener loads that word, then published_
//
// Left out    Sleeping while there is nothing to read, or no room: exercise 8.2.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

template <typename Message>
class BroadcastRing {
 public:
  class Subscriber;

  // Room for `capacity` messages, a power of two, and for `seats` subscribers at a time. The
  // first message has the number `first`. Throws std::invalid_argument.
  BroadcastRing(std::size_t capacity, std::size_t seats, std::uint64_t first = 0)
      : slots_(capacity),
        mask_(capacity - 1),
        seats_(seats),
        slowest_(first),
        published_(first) {
    if (!std::has_single_bit(capacity)) throw std::invalid_argument("not a power of two");
  }
  BroadcastRing(const BroadcastRing&) = delete;
  BroadcastRing& operator=(const BroadcastRing&) = delete;

  // Every message that is published from when this returns reaches the subscriber. Throws
  // std::length_error if all seats are taken. While a subscriber arrives, try_publish may refuse
  // as if it lagged behind.
  [[nodiscard]] Subscriber subscribe() {
    //> step 1(): take a free seat, then find out from which message on it holds the publisher
    for (Seat& seat : seats_) {
      std::uint64_t expected = kFree;
      const std::uint64_t seen = published_.load(std::memory_order_acquire);
      // JOIN, seq_cst: in the one order of all such operations the seat is taken before
      // published_ is loaded. With acquire and release both sides may miss each other: the
      // publisher still sees the seat free, we still see an old number, and it overruns us.
      if (!seat.next.compare_exchange_strong(expected, seen, std::memory_order_seq_cst))
        continue;
      // The publisher may have passed `seen` before it could see the seat. It cannot have
      // passed what we load now by more than it may.
      const std::uint64_t next = published_.load(std::memory_order_seq_cst);
      // DRAIN, release: as in try_receive, though nothing was read yet.
      seat.next.store(next, std::memory_order_release);
      return Subscriber(*this, seat);
    }
    throw std::length_error("all seats are taken");
    //<
  }

  // Publishes `message`. Returns false, and publishes nothing, if a subscriber has not yet read
  // the message that lies in its place. Looks at the subscribers only when it must: about once
  // in `capacity` messages if they keep up.
  [[nodiscard]] bool try_publish(const Message& message) {
    //> step 2(message): room? the message into its slot, then the number that says so
    // relaxed: published_ is ours (I1), and a thread always sees its own stores.
    const std::uint64_t next = published_.load(std::memory_order_relaxed);
    if (next - slowest_ >= slots_.size()) slowest_ = slowest_seat(next);
    if (next - slowest_ >= slots_.size()) return false;
    slots_[next & mask_] = message;
    // PUBLISH, release: the line above happens before any read of this slot. Relaxed would let
    // a subscriber count the message and read what lay there before.
    published_.store(next + 1, std::memory_order_release);
    return true;
    //<
  }

 private:
  // What a free seat holds: above every number, so that it never is the slowest.
  static constexpr std::uint64_t kFree = std::numeric_limits<std::uint64_t>::max();

  // On a cache line of its own: each is written by another thread.
  struct alignas(64) Seat {
    std::atomic<std::uint64_t> next = kFree;
  };

  // The smallest number that a subscriber still needs; `next`, the publisher's own, if there is
  // none. The publisher only.
  [[nodiscard]] std::uint64_t slowest_seat(std::uint64_t next) {
    //> step 2(next): the smallest of all seats' numbers and `next`
    // JOIN, seq_cst: published_ is stored once more, so that this store comes before the loads
    // below in the order in which subscribe takes its seat. A release store may be late.
    published_.store(next, std::memory_order_seq_cst);
    std::uint64_t slowest = next;
    for (const Seat& seat : seats_) {
      // DRAIN, acquire (and JOIN): what a subscriber read of a slot happens before we write it.
      slowest = std::min(slowest, seat.next.load(std::memory_order_seq_cst));
    }
    return slowest;
    //<
  }

  // Never changed after construction.
  std::vector<Message> slots_;  // their contents: the publisher, see I3
  const std::uint64_t mask_;
  std::vector<Seat> seats_;

  // Written by the publisher.
  alignas(64) std::uint64_t slowest_;
  alignas(64) std::atomic<std::uint64_t> published_;
};

// A subscriber's seat. Unsubscribes when it is destroyed.
template <typename Message>
class BroadcastRing<Message>::Subscriber {
 public:
  Subscriber(Subscriber&& other) noexcept
      : ring_(other.ring_), seat_(std::exchange(other.seat_, nullptr)) {}
  Subscriber& operator=(Subscriber&&) = delete;
  ~Subscriber() { unsubscribe(); }

  // The next message; nothing if there is none yet, or after unsubscribe.
  // What copying it throws leaves it to be received.
  [[nodiscard]] std::optional<Message> try_receive() {
    //> step 2(): is there a message? copy it, then let go of its slot
    if (seat_ == nullptr) return std::nullopt;
    // relaxed: while we have it, only we write our seat.
    const std::uint64_t next = seat_->next.load(std::memory_order_relaxed);
    // PUBLISH, acquire: seeing the number must mean seeing the message.
    if (ring_->published_.load(std::memory_order_acquire) == next) return std::nullopt;
    std::optional<Message> message(ring_->slots_[next & ring_->mask_]);
    // DRAIN, release: the copy above is complete before the publisher sees the slot free.
    seat_->next.store(next + 1, std::memory_order_release);
    return message;
    //<
  }

  // Gives the seat back: nothing is received any more, and the publisher no longer waits for
  // this subscriber. A second call does nothing.
  void unsubscribe() noexcept {
    //> step 1(): give the seat back, once
    if (seat_ == nullptr) return;
    // DRAIN, release: as in try_receive.
    seat_->next.store(kFree, std::memory_order_release);
    seat_ = nullptr;
    //<
  }

 private:
  friend class BroadcastRing;
  Subscriber(BroadcastRing& ring, Seat& seat) : ring_(&ring), seat_(&seat) {}

  BroadcastRing* ring_;
  Seat* seat_;  // null: not subscribed any more
};

// The ring whose publisher waits for no subscriber. A slot may be written while it is read, so
// it consists of atomic words.
template <typename Message>
class LossyRing {
  static_assert(std::is_trivially_copyable_v<Message> &&
                    std::is_default_constructible_v<Message>,
                "a message is copied word by word");

 public:
  class Listener;

  // Room for `capacity` messages, a power of two, at least 2. Throws std::invalid_argument.
  explicit LossyRing(std::size_t capacity, std::uint64_t first = 0)
      : slots_(capacity), mask_(capacity - 1), published_(first) {
    if (!std::has_single_bit(capacity) || capacity < 2) {
      throw std::invalid_argument("not a power of two, or less than 2");
    }
  }
  LossyRing(const LossyRing&) = delete;
  LossyRing& operator=(const LossyRing&) = delete;

  // Publishes `message`, over the oldest one.
  void publish(const Message& message) {
    //> step 3(message): word by word into its slot, then the number that says so
    const Words words = words_of(message);
    // relaxed: published_ is ours (I1).
    const std::uint64_t next = published_.load(std::memory_order_relaxed);
    Slot& slot = slots_[next & mask_];
    for (std::size_t i = 0; i < words.size(); ++i) {
      // OVERRUN, release: a thread that reads this word then sees that message next - 1 is
      // published, and so that the one that lay here may be broken.
      slot[i].store(words[i], std::memory_order_release);
    }
    // PUBLISH, release: as in BroadcastRing.
    published_.store(next + 1, std::memory_order_release);
    //<
  }

  // Hears every message that is published from now on, but for those that it misses.
  [[nodiscard]] Listener listen() { return Listener(*this); }

 private:
  using Words = std::array<std::uint64_t, (sizeof(Message) + 7) / 8>;
  using Slot = std::array<std::atomic<std::uint64_t>, std::tuple_size_v<Words>>;

  [[nodiscard]] static Words words_of(const Message& message) {
    Words words{};
    std::memcpy(words.data(), &message, sizeof message);
    return words;
  }
  [[nodiscard]] static Message message_of(const Words& words) {
    Message message;
    std::memcpy(static_cast<void*>(&message), words.data(), sizeof message);
    return message;
  }

  // Written by the publisher.
  std::vector<Slot> slots_;
  const std::uint64_t mask_;
  alignas(64) std::atomic<std::uint64_t> published_;
};

// A subscriber whose cursor is its own: the publisher does not know that it exists.
template <typename Message>
class LossyRing<Message>::Listener {
 public:
  // The oldest message that was not heard yet and is still whole; nothing if there is none yet.
  // Of the last `capacity` messages the oldest may already be lost.
  [[nodiscard]] std::optional<Message> try_receive() {
    //> step 3(): skip what is lost, copy the words, then look whether they were overwritten
    for (;;) {
      // PUBLISH, acquire: seeing the number must mean seeing at least this message's words.
      const std::uint64_t end = ring_->published_.load(std::memory_order_acquire);
      if (end == next_) return std::nullopt;
      const std::uint64_t kept = ring_->slots_.size() - 1;
      if (end - next_ > kept) missed_ += end - kept - std::exchange(next_, end - kept);
      const Slot& slot = ring_->slots_[next_ & ring_->mask_];
      Words words;
      for (std::size_t i = 0; i < words.size(); ++i) {
        // OVERRUN, acquire: the load of published_ below must not run ahead of these.
        words[i] = slot[i].load(std::memory_order_acquire);
      }
      // relaxed: the loads above keep it behind them.
      if (ring_->published_.load(std::memory_order_relaxed) - next_ <= kept) {
        ++next_;
        return message_of(words);
      }
    }
    //<
  }

  // How many messages were overwritten before they could be received. A message is counted when
  // it is skipped, by the try_receive that returns a later one or nothing.
  [[nodiscard]] std::uint64_t missed() const { return missed_; }

 private:
  friend class LossyRing;
  explicit Listener(LossyRing& ring)
      : ring_(&ring), next_(ring.published_.load(std::memory_order_acquire)) {}

  LossyRing* ring_;
  std::uint64_t next_;
  std::uint64_t missed_ = 0;
};
