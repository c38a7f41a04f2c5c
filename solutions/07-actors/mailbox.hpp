// An actor's mailbox without a lock: many producers put messages in, one consumer takes them.
//
//   oldest_                                      newest_
//      |                                            |
//      v                                            v
//   [ spent ] --next--> [ 1 ] --next--> [ 2 ]    [ 3 ] <-- exchanged, not yet linked by
//                                                           the producer of 3
//
// Threads     push: any thread. try_pop, pop: one thread, the consumer. Construct and destroy
//             while no call is running.
// Progress    push: wait-free, but for the allocation of its node and the wake-up of a
//             consumer that sleeps. pop may have to wait for one producer that stands between
//             its exchange and its link: the queue as a whole is *not* lock-free. A consumer
//             that finds nothing sleeps.
//
// Invariants
//   I1  The node at oldest_ is spent: its message is gone, or it never had one. The messages
//       are in the nodes after it.
//   I2  newest_ is the node that was exchanged last. Each producer links the node that its
//       exchange gave it to its own; so from oldest_ every node is reached once all links of
//       the pushes under way are there.
//   I3  A node's `next` is written once, by the producer of the node after it. Until then that
//       producer needs the node: the consumer frees it only when it has seen the link.
//   I4  Only the consumer reads and writes oldest_ and the messages of linked nodes.
//
// Edges
//   ORDER  push exchanges newest_      -->  the next push exchanges newest_
//   LINK   push stores the node's next -->  try_pop loads it
//
// Left out    Closing; a limit (exercise 7.3); nodes that are used again.
//
// Source      D. Vyukov, Non-intrusive MPSC node-based queue (2010).
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

template <typename Message>
class Mailbox {
 public:
  Mailbox() = default;
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // Drops the messages that are left.
  ~Mailbox() {
    // relaxed: no call is running.
    while (oldest_ != nullptr) {
      delete std::exchange(oldest_, oldest_->next.load(std::memory_order_relaxed));
    }
  }

  // Appends `message`. Never waits for another thread. Throws what allocating, or moving the
  // message, throws; then the mailbox is as it was.
  void push(Message message) {
    //> step 1(message): make a node, exchange it for the newest, link that to it; step 2: wake
    auto* const node = new Node{std::move(message)};
    // ORDER, release: the producer that gets this node and links it must come after `next` was
    // made empty. Acquire: the same, of the node that we get. The exchange gives each node to
    // one producer; a load and a store would give one node to two.
    Node* const before = newest_.exchange(node, std::memory_order_acq_rel);
    // Here the list is cut: `node` is the newest, and from the oldest no way leads to it.
    // LINK, release: the message was written before. From here on `before` is the consumer's
    // to free, and not ours to look at.
    before->next.store(node, std::memory_order_release);
    newest_.notify_one();
    //<
  }

  // Takes the oldest message; nothing if there is none, or if the producer of the oldest has
  // not linked it yet. Throws what moving the message throws; then it is still there.
  [[nodiscard]] std::optional<Message> try_pop() {
    //> step 1(): look at the spent node's link; take the message; free the spent node
    // LINK, acquire: the message is read in `take`.
    Node* const next = oldest_->next.load(std::memory_order_acquire);
    if (next == nullptr) return std::nullopt;
    return take(next);
    //<
  }

  // Takes the oldest message; sleeps while there is none.
  [[nodiscard]] Message pop() {
    //> step 2(): sleep while the spent node is the newest; then its link is there, or soon is
    // relaxed: it only says that something is coming. Not "while it is what it is now": by now
    // a producer may have exchanged, and that is no reason to sleep.
    newest_.wait(oldest_, std::memory_order_relaxed);
    Node* next = oldest_->next.load(std::memory_order_acquire);
    while (next == nullptr) {
      std::this_thread::yield();  // its producer stands between exchange and link
      next = oldest_->next.load(std::memory_order_acquire);
    }
    return take(next);
    //<
  }

 private:
  struct Node {
    std::optional<Message> message;
    std::atomic<Node*> next = nullptr;  // written by the producer of the next node
  };

  //> hide
  // The message of `next`, the node after the oldest, which becomes the spent one.
  [[nodiscard]] Message take(Node* next) {
    Message message = std::move(*next->message);
    next->message.reset();
    delete std::exchange(oldest_, next);
    return message;
  }

  //<
  // Written by the consumer.
  Node* oldest_ = new Node{};

  // Written by every producer.
  std::atomic<Node*> newest_ = oldest_;
};
