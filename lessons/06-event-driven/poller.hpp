// What a loop sleeps in: the seam between a loop and the system.
//
//   loop --wait(limit)--> poller <--wake-- any other thread
//                           ^
//                           +--- descriptors that become ready; the time
//
// A loop asks for the time and sleeps here and nowhere else. So the same loop runs over the
// system (Epoll), inside another loop (EventLoop is a Poller too), and over a clock that a
// test moves (FakePoller), where the schedule explorer can follow it.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>

using TimePoint = std::chrono::steady_clock::time_point;

// The longest time to sleep, in the whole milliseconds that the system counts in; without a
// value there is no end. Never negative.
using Limit = std::optional<std::chrono::milliseconds>;

// What can be done with a descriptor now.
struct Ready {
  std::uint64_t token = 0;  // the number that it was added with
  bool readable = false;  // reading does not wait: data, the end of the data, or an error
  bool writable = false;  // writing does not wait
  bool broken = false;    // the connection is gone: reset, or ended on both sides
};

//> region poller
// wait: the loop's thread. now, wake: any thread.
//
// `wait` sleeps until something is ready, until it is woken, or until `limit` has passed.
// It may return earlier, for no reason. A `wake` is kept: if no thread sleeps in `wait`,
// the next call of it returns at once, and only that.
template <typename P>
concept Poller = requires(P& poller, Limit limit) {
  { poller.now() } -> std::same_as<TimePoint>;
  poller.wait(limit);
  poller.wake();
};
//<
