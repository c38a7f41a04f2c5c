// The system's own poller: Linux' epoll, with an eventfd for a doorbell.
//
//   sockets, pipes, … --+
//                       +--> epoll --> wait: what is ready, by token
//   wake --> doorbell --+
//
// Threads     now, wake: any thread, while this lives. All else: one thread, the loop's.
// Progress    wait blocks for `limit` at most; nothing else blocks.
//
// Invariants
//   I1  The doorbell is rung from a wake until the next wait has returned.
//   I2  A descriptor is added once, with one token, and stands in one batch once.
//
// Edges       RING  wake writes the eventfd  -->  wait reads it. Nothing here relies on it:
//                   what a wake announces is handed over under the caller's own lock.
//
// Left out    Priorities, one-shot registration, sharing one epoll between threads.
#pragma once

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdint>
#include <span>
#include <system_error>

#include "descriptor.hpp"
#include "poller.hpp"

// What to be told of. An error is told always.
enum class Interest : std::uint32_t {
  kNothing = 0,
  kRead = EPOLLIN,
  kWrite = EPOLLOUT,
  kBoth = EPOLLIN | EPOLLOUT
};

// kLevel: told in each wait, as long as it is so. kEdge: told once, when it becomes so; then
// not again until all of it was read, or written until there was no room, and more came.
enum class Trigger : std::uint32_t { kLevel = 0, kEdge = EPOLLET };

class Epoll {
 public:
  // Throws std::system_error if the process has no descriptor left.
  Epoll() {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = kDoorbell;
    control(EPOLL_CTL_ADD, doorbell_.number(), &event);
  }

  Epoll(const Epoll&) = delete;
  Epoll& operator=(const Epoll&) = delete;

  // From now on `wait` tells of `descriptor` by `token`, any number but the largest. The
  // system forgets a descriptor when it is closed; an event that `wait` has already
  // returned stays in the batch.
  void add(int descriptor, std::uint64_t token, Interest interest,
           Trigger trigger = Trigger::kLevel) {
    set(EPOLL_CTL_ADD, descriptor, token, interest, trigger);
  }
  void change(int descriptor, std::uint64_t token, Interest interest,
              Trigger trigger = Trigger::kLevel) {
    set(EPOLL_CTL_MOD, descriptor, token, interest, trigger);
  }
  void remove(int descriptor) { control(EPOLL_CTL_DEL, descriptor, nullptr); }

  [[nodiscard]] TimePoint now() const { return std::chrono::steady_clock::now(); }

  // What is ready; empty after a wake, after `limit`, or for no reason. Valid until the next
  // call.
  std::span<const Ready> wait(Limit limit) {
    std::array<epoll_event, kBatch> events;
    const int count = ::epoll_wait(epoll_.number(), events.data(), kBatch,
                                   limit ? in_range(limit->count()) : -1);
    if (count < 0 && errno != EINTR) or_throw(count, "epoll_wait");
    std::size_t ready = 0;
    for (const epoll_event& event :
         std::span(events).first(static_cast<std::size_t>(std::max(count, 0)))) {
      if (event.data.u64 == kDoorbell) {
        // Silenced before anything is looked at: a later wake rings again.
        std::uint64_t rings = 0;
        static_cast<void>(::read(doorbell_.number(), &rings, sizeof rings));
      } else {
        ready_[ready++] = {event.data.u64, (event.events & EPOLLIN) != 0,
                           (event.events & EPOLLOUT) != 0,
                           (event.events & (EPOLLERR | EPOLLHUP)) != 0};
      }
    }
    return std::span(ready_).first(ready);
  }

  void wake() {
    const std::uint64_t one = 1;
    // Fails only if it has been rung 2^64 - 2 times; it is ringing then.
    static_cast<void>(::write(doorbell_.number(), &one, sizeof one));
  }

 private:
  static constexpr std::uint64_t kDoorbell = ~std::uint64_t{0};
  static constexpr int kBatch = 256;

  static int in_range(std::int64_t milliseconds) {
    return static_cast<int>(std::min<std::int64_t>(milliseconds, INT_MAX));
  }

  void set(int what, int descriptor, std::uint64_t token, Interest interest,
           Trigger trigger) {
    epoll_event event{};
    event.events =
        static_cast<std::uint32_t>(interest) | static_cast<std::uint32_t>(trigger);
    event.data.u64 = token;
    control(what, descriptor, &event);
  }

  void control(int what, int descriptor, epoll_event* event) {
    or_throw(::epoll_ctl(epoll_.number(), what, descriptor, event), "epoll_ctl");
  }

  // Written at construction only.
  Descriptor epoll_{or_throw(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")};
  Descriptor doorbell_{or_throw(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")};

  // Written by the loop's thread.
  std::array<Ready, kBatch> ready_{};
};
