// Stages in a line, joined by rings: bounded, closed from either end, asleep when there is
// nothing to do.
//
//   source --put--> [ring] --> stage 1 --> [ring] --> stage 2 --> [ring] --take--> sink
//      close: no more items will come   ------------------------------>
//      <------------------------------   stop: no more items are wanted
//
// Threads     AssemblyLine: put and close by the source, take and stop by the sink, each one
//             thread. Construct: the owner. Destroy: the owner, while no call is running.
//             Belt: push and close by the thread before it, pop and stop by the one behind.
// Progress    Blocking. A thread that waits sleeps. While items and room are there no call
//             waits, locks, or calls the system.
//
// Invariants
//   I1  A belt has one producer and one consumer, and never more items than its capacity.
//   I2  asleep_ of a side is set by that side, before it looks for the last time, and
//       cleared by the side that wakes it: by the other after each change, or by itself.
//   I3  closed_ and stopped_ once true stay true. What was pushed before close can still be
//       popped; what is on a belt after stop is dropped with it.
//   I4  A stage ends when the belt before it has ended or the belt after it was stopped,
//       and hands on the news in both directions.
//   I5  Each item put becomes one parcel at the far end, an item or what was thrown in its
//       place, in the order of the puts.
//
// Edges       An item's own: FILL and DRAIN of its ring. Besides these
//   CLOSE   close stores closed_  -->  pop loads it and sees true, and so sees every item
//   SLEEP   two threads each write one thing and then read the other's: a side sets asleep_
//           and looks at the belt; the other changes the belt and looks at asleep_. At least
//           one must see what the other wrote. Only one order of all four, seq_cst, says so.
//
// Left out    Several workers for one stage (exercise 5.3).
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <spsc_ring.hpp>  // exercise 5.1, as the course solves it
#include <thread>
#include <utility>
#include <variant>
#include <vector>

// Where one side of a belt sleeps until the other side changes something.
class Bed {
 public:
  // The side whose bed it is: sleeps until it is woken, unless `ready()` says that there is
  // something to do. May return for no reason: look again.
  template <typename Ready>
  void sleep_unless(Ready ready) {
    //> step 1(ready, asleep_): say that you sleep, look for the last time, and only then sleep
    asleep_.store(1, std::memory_order_relaxed);
    // SLEEP, seq_cst: this side's store comes before its last look, for every thread that
    // has a fence of its own. Release and acquire let the look run ahead of the store: then
    // each side may see the other's old state, and neither wakes the other.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (ready()) {
      asleep_.store(0, std::memory_order_relaxed);
    } else {
      // relaxed: the woken side looks again, and that look has the edges it needs.
      asleep_.wait(1, std::memory_order_relaxed);
    }
    //<
  }

  // The other side, after each change: wakes the sleeper if there is one.
  void wake() {
    //> step 1(asleep_): look for a sleeper; after the change, and in one order with it
    // SLEEP, seq_cst: the change comes before this look.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (asleep_.load(std::memory_order_relaxed) == 0) return;
    asleep_.store(0, std::memory_order_relaxed);
    asleep_.notify_one();
    //<
  }

 private:
  // Written by the sleeper (1 and 0) and by the side that wakes it (0). An int, as that is
  // what Linux can wait for without a detour.
  std::atomic<int> asleep_ = 0;
};

// A ring that makes its two threads wait for each other.
template <typename Item>
class Belt {
 public:
  // `capacity` is at least 1.
  explicit Belt(std::size_t capacity) : ring_(capacity) {}

  // The producer: puts `item`, waiting for room. False, and drops `item`, if the consumer
  // has stopped, even if it stopped during the wait.
  [[nodiscard]] bool push(Item item) {
    //> step 1(item, producer_): sleep while the ring is full; step 3 adds what stop does
    while (!stopped_.load(std::memory_order_relaxed)) {
      if (ring_.try_push(std::move(item))) {
        consumer_.wake();
        return true;
      }
      producer_.sleep_unless([this] {
        return ring_.size() < ring_.capacity() ||
               stopped_.load(std::memory_order_relaxed);
      });
    }
    return false;
    //<
  }

  // The consumer: takes the oldest item, waiting for one. Nothing once the producer has
  // closed and every item was taken.
  [[nodiscard]] std::optional<Item> pop() {
    //> step 1(consumer_): sleep while the ring is empty; step 2 adds what close does
    while (true) {
      // CLOSE, acquire: seeing the end must mean seeing every item that came before it. So
      // this look comes first, and the ring is asked once more.
      const bool closed = closed_.load(std::memory_order_acquire);
      std::optional<Item> item = ring_.try_pop();
      if (item) producer_.wake();
      if (item || closed) return item;
      consumer_.sleep_unless(
          [this] { return ring_.size() > 0 || closed_.load(std::memory_order_relaxed); });
    }
    //<
  }

  // The producer: no item will follow. Calling it again changes nothing.
  void close() {
    //> step 2(closed_): let pop know, also one that sleeps
    // CLOSE, release: the pushes come first.
    closed_.store(true, std::memory_order_release);
    consumer_.wake();
    //<
  }

  // The consumer: takes no more items. Calling it again changes nothing.
  void stop() {
    //> step 3(stopped_): let push know, also one that sleeps
    // relaxed: the producer learns that it is over, and reads nothing of the consumer's.
    stopped_.store(true, std::memory_order_relaxed);
    producer_.wake();
    //<
  }

 private:
  SpscRing<Item> ring_;

  // Written by the producer.
  std::atomic<bool> closed_ = false;
  Bed producer_;

  // Written by the consumer.
  std::atomic<bool> stopped_ = false;
  Bed consumer_;
};

template <typename Item>
class AssemblyLine {
 public:
  using Stage = std::function<Item(Item)>;

  // A line of these stages, each on a thread of its own, with room for `capacity` items, at
  // least 1, on the belt before each stage and on the last. Items are moved, never copied: a
  // stage has its item to itself.
  AssemblyLine(std::size_t capacity, std::vector<Stage> stages) {
    for (std::size_t i = 0; i <= stages.size(); ++i) {
      belts_.push_back(std::make_unique<Belt<Parcel>>(capacity));
    }
    try {
      for (std::size_t i = 0; i < stages.size(); ++i) {
        stages_.emplace_back(run, std::ref(*belts_[i]), std::ref(*belts_[i + 1]),
                             std::move(stages[i]));
      }
    } catch (...) {
      end();
      throw;
    }
  }

  AssemblyLine(const AssemblyLine&) = delete;
  AssemblyLine& operator=(const AssemblyLine&) = delete;

  // Stops the line: what is still in it is dropped. Waits for the stages to end.
  ~AssemblyLine() { end(); }

  // The source: puts `item` into the line, waiting for room. False, and drops `item`, once
  // the line was stopped and the news has reached its front.
  [[nodiscard]] bool put(Item item) {
    return belts_.front()->push(Parcel(std::in_place_index<0>, std::move(item)));
  }

  // The source: no item will follow.
  void close() { belts_.front()->close(); }

  // The sink: the next item, waiting for it; throws what a stage threw in its place.
  // Nothing once the line was closed and every item was taken.
  [[nodiscard]] std::optional<Item> take() {
    //> step 4(): the next parcel's item, or its exception
    std::optional<Parcel> parcel = belts_.back()->pop();
    if (!parcel) return std::nullopt;
    if (const auto* error = std::get_if<1>(&*parcel)) std::rethrow_exception(*error);
    return std::get<0>(std::move(*parcel));
    //<
  }

  // The sink: takes no more. Every stage ends, and a source that waits for room learns it.
  void stop() { belts_.back()->stop(); }

 private:
  // An item, or what a stage threw in its place.
  using Parcel = std::variant<Item, std::exception_ptr>;

  // The whole life of a stage's thread.
  static void run(Belt<Parcel>& before, Belt<Parcel>& after, const Stage& stage) {
    //> step 4(before, after, stage): parcel after parcel; then tell both neighbours
    while (std::optional<Parcel> parcel = before.pop()) {
      if (!after.push(done(std::move(*parcel), stage))) break;
    }
    before.stop();
    after.close();
    //<
  }

  //> hide
  // What `stage` makes of a parcel. One that failed earlier is handed on as it is.
  static Parcel done(Parcel parcel, const Stage& stage) {
    if (parcel.index() == 1) return parcel;
    try {
      return Parcel(std::in_place_index<0>, stage(std::get<0>(std::move(parcel))));
    } catch (...) {
      return std::current_exception();
    }
  }

  //<
  // Stops the line at its end, and closes it in front.
  void end() {
    stop();
    close();
    stages_.clear();
  }

  std::vector<std::unique_ptr<Belt<Parcel>>> belts_;

  // Last, so that they end before what they use.
  std::vector<std::jthread> stages_;
};
