// A mailbox that is emptied in one step: many threads put messages in, one takes them all.
//
//   put --> top_ --> [ 3 ] --> [ 2 ] --> [ 1 ]        newest first: each new one on top
//   take_all: top_ becomes nothing, and the list is reversed: 1, 2, 3
//
// Threads     put, empty: any thread. take_all: one thread at a time. Construct and destroy
//             while no call is running.
// Progress    put is lock-free: its loop starts again only if another put was faster.
//             take_all takes one step, whatever the number of messages, and then reverses the
//             list on its own. No thread ever waits for another.
//
// Invariants
//   I1  What top_ points at changes no more until take_all has taken it.
//   I2  A message leaves the inbox once. Those of one thread leave in the order in which it
//       put them in.
//
// Edges       LETTER  put exchanges top_  -->  take_all exchanges top_
//
// seq_cst     put changes top_, and empty reads it, in the one order of all seq_cst
//             operations. A thread that puts a message in and *then* reads a flag, and one
//             that sets the flag and *then* asks `empty`, cannot both miss the other. That is
//             what exercise 7.2 builds upon; see P5b in lesson 2.
//
// Source      R. K. Treiber (1986). CAF's mailboxes are built in this way.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

// Messages in the order in which they are to be handled. One thread at a time.
template <typename Message>
class Letters {
 public:
  struct Letter {
    Letter* next;
    Message message;
  };

  Letters() = default;
  // Takes over the list that begins with `first`.
  explicit Letters(Letter* first) : first_(first) {}
  Letters(Letters&& other) noexcept : first_(std::exchange(other.first_, nullptr)) {}
  Letters& operator=(Letters&& other) noexcept {
    std::swap(first_, other.first_);
    return *this;
  }
  ~Letters() {
    while (!empty()) static_cast<void>(take());
  }

  [[nodiscard]] bool empty() const { return first_ == nullptr; }

  // The oldest message; there is one.
  [[nodiscard]] Message take() {
    const std::unique_ptr<Letter> letter(std::exchange(first_, first_->next));
    return std::move(letter->message);
  }

 private:
  Letter* first_ = nullptr;
};

template <typename Message>
class Inbox {
 public:
  Inbox() = default;
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;
  ~Inbox() { static_cast<void>(take_all()); }

  // Throws what allocating, or moving the message, throws; then nothing was put in.
  void put(Message message) {
    // relaxed: only a guess; the exchange below finds out.
    auto* letter = new Letter{top_.load(std::memory_order_relaxed), std::move(message)};
    // LETTER, release: take_all sees the message and the link. seq_cst: see above.
    // On failure relaxed: letter->next is not followed here.
    while (!top_.compare_exchange_weak(letter->next, letter, std::memory_order_seq_cst,
                                       std::memory_order_relaxed)) {
    }
  }

  // Whether nothing waits; another thread may have changed it by the time you look.
  [[nodiscard]] bool empty() const {
    return top_.load(std::memory_order_seq_cst) == nullptr;
  }

  // All that waits, oldest first.
  [[nodiscard]] Letters<Message> take_all() {
    // LETTER, acquire: the messages and links of every put so far. Each put's exchange reads
    // the one before, so all of them are in one release sequence.
    Letter* newest = top_.exchange(nullptr, std::memory_order_acquire);
    Letter* oldest = nullptr;
    while (newest != nullptr) {
      Letter* const before = std::exchange(newest->next, oldest);
      oldest = std::exchange(newest, before);
    }
    return Letters<Message>(oldest);
  }

 private:
  using Letter = typename Letters<Message>::Letter;

  // Written by any thread.
  std::atomic<Letter*> top_ = nullptr;
};
