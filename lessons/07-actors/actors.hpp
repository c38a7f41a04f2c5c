// An actor: a thread, a mailbox, and state that no other thread can reach.
//
//   sender 1 --send--.
//                     +--> [ mailbox: 3 2 1 ] --> the actor's thread: behaviour(1)
//   sender 2 --ask---'                                |
//      ^                                              v
//      '------ std::future <------ reply.set_value(...)
//
// Threads     send, ask: any thread, actors included. Construct and destroy: one thread, the
//             owner. What the behaviour owns is touched by the actor's thread alone.
// Progress    send waits for nothing but the lock. An actor without a message sleeps.
//
// Invariants
//   I1  mailbox_ and closed_ are read and written only while mutex_ is held.
//   I2  A message leaves mailbox_ once, the oldest first, and the next one leaves only when
//       the behaviour has returned. So messages of one sender are handled in the order in
//       which it sent them; those of two senders, in the order in which they got the lock.
//   I3  mailbox_ and closed_ change first, the notify comes after, and send notifies before it
//       lets go of the lock: once a message was handled, its send touches the actor no more. So
//       a thread that knows this of every message may destroy the actor.
//
// Edges       SEND   send unlocks mutex_            -->  the actor locks it and takes the message
//             REPLY  the behaviour sets the promise -->  future::get returns
//
// Errors      A behaviour must not throw: there is no caller left to catch it, and the program
//             ends. What went wrong in answering goes into the promise.
//
// Left out    A mailbox without a lock (exercise 7.1); more actors than threads (exercise
//             7.2); a limit to the mailbox (exercise 7.3).
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

template <typename Message>
class Actor {
 public:
  using Behaviour = std::function<void(Message)>;

  explicit Actor(Behaviour behaviour)
      : behaviour_(std::move(behaviour)), thread_([this] { run(); }) {}

  // Handles what was sent so far, then ends the thread.
  ~Actor() {
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
    }
    message_ready_.notify_one();
  }

  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  //> region send
  // Puts `message` into the mailbox and returns at once.
  void send(Message message) {
    const std::scoped_lock lock(mutex_);
    mailbox_.push_back(std::move(message));
    message_ready_.notify_one();  // I3: under the lock
  }

  // Sends a message that has a field `reply`, a promise, and returns the promise's future.
  template <typename Question>
  [[nodiscard]] auto ask(Question question) {
    auto answer = question.reply.get_future();
    send(std::move(question));
    return answer;
  }
  //<

 private:
  //> region run
  // The whole life of an actor: one message after the other.
  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      message_ready_.wait(lock, [this] { return !mailbox_.empty() || closed_; });
      if (mailbox_.empty()) return;
      Message message = std::move(mailbox_.front());
      mailbox_.pop_front();
      lock.unlock();
      behaviour_(std::move(message));
      lock.lock();
    }
  }
  //<

  const Behaviour behaviour_;  // called by the actor's thread only

  // Written by any thread that holds mutex_.
  std::mutex mutex_;
  std::condition_variable message_ready_;
  std::deque<Message> mailbox_;
  bool closed_ = false;

  // Written by the owner. Last, so that it is destroyed first: that joins the actor.
  std::jthread thread_;
};
