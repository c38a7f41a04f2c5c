// A line of workers: each does one part of every job and hands the job to the next.
//
//   source --put--> [belt] --> stage 1 --> [belt] --> stage 2 --> [belt] --take--> sink
//
//      items, their errors and the end of the stream travel down   ------------>
//      <------------   a full belt makes the stage before it wait, and so on up the line
//
// Threads     put: any source. finish: once, when every source has put its last item.
//             take: one thread, the sink. then: the owner, before the first put. Destroy:
//             the sink, while no source is putting.
// Progress    Blocking. A thread that finds its belt empty, or full, sleeps.
//
// Invariants
//   I1  messages_ is read and written only while its belt's mutex_ is held.
//   I2  A belt holds at most capacity_ messages, oldest in front, and perhaps the end.
//   I3  What a stage remembers is used by that stage's thread alone, from the first item to
//       the last. An item is on one belt, or in one stage's hands.
//   I4  Each item becomes one message at the far end, an item or an error, in the order in
//       which it was put. The end is the last message on every belt.
//
// Edges       BELT  put unlocks mutex_  -->  the take that gets this message locks it
//
// Left out    Belts without a lock (exercise 5.1); a sink that stops before the end
//             (exercise 5.2); more than one worker for a slow stage (exercise 5.3).
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

//> region message
struct EndOfStream {};

// What travels down a line: an item, or what a stage threw in its place, or the end.
template <typename Item>
using Message = std::variant<Item, std::exception_ptr, EndOfStream>;
//<

// What lies between two stages.
template <typename Item>
class Belt {
 public:
  explicit Belt(std::size_t capacity) : capacity_(capacity) {}
  Belt(const Belt&) = delete;
  Belt& operator=(const Belt&) = delete;

  //> region belt
  // Waits while the belt is full: the stage that puts is slowed down by the one that takes.
  void put(Message<Item> message) {
    {
      std::unique_lock lock(mutex_);
      taken_.wait(lock, [this] { return messages_.size() < capacity_; });
      messages_.push_back(std::move(message));
    }
    arrived_.notify_one();
  }

  // The oldest message; waits while there is none.
  [[nodiscard]] Message<Item> take() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return !messages_.empty(); });
    Message<Item> message = std::move(messages_.front());
    messages_.pop_front();
    lock.unlock();
    taken_.notify_one();
    return message;
  }
  //<

  // Puts the end, for which there is always room.
  void put_end() {
    {
      const std::scoped_lock lock(mutex_);
      messages_.push_back(EndOfStream{});
    }
    arrived_.notify_one();
  }

 private:
  const std::size_t capacity_;

  // Written by any thread that holds mutex_.
  std::mutex mutex_;
  std::condition_variable arrived_;  // the stage behind waits here while there is nothing
  std::condition_variable taken_;    // the stage before waits here while there is no room
  std::deque<Message<Item>> messages_;
};

//> region stage
// What `work` makes of `item`, or what it throws. The exception has no second owner: it is
// the message's alone, wherever that goes.
template <typename Out, typename In, typename Work>
Message<Out> result_of(Work& work, In item) noexcept {
  try {
    return Message<Out>(std::in_place_index<0>, work(std::move(item)));
  } catch (...) {
    return std::current_exception();
  }
}

// The whole life of a stage's worker. Its state is in `work`, which only this thread has.
template <typename In, typename Out, typename Work>
void run_stage(Belt<In>& before, Belt<Out>& after, Work work) {
  while (true) {
    Message<In> message = before.take();
    if (In* item = std::get_if<0>(&message)) {
      after.put(result_of<Out>(work, std::move(*item)));
    } else if (auto* error = std::get_if<std::exception_ptr>(&message)) {
      after.put(std::move(*error));  // failed earlier: this stage has no part in it
    } else {
      return after.put_end();
    }
  }
}
//<

// A line that takes `In` and gives `Out`. Built from the front:
//
//   auto line = AssemblyLine<std::string>(8).then(parse).then(price).then(print);
template <typename In, typename Out = In>
class AssemblyLine {
 public:
  // A line of no stage, with room for `capacity` items, at least 1, on each of its belts.
  explicit AssemblyLine(std::size_t capacity) requires std::is_same_v<In, Out>
      : capacity_(capacity),
        front_(std::make_shared<Belt<In>>(capacity)),
        back_(front_) {}

  // The same line with one more stage at its end, on a thread of its own. `work` is moved
  // there; it need not be copyable, and no other thread ever uses it.
  template <typename Work>
  [[nodiscard]] auto then(Work work) && {
    using Made = std::invoke_result_t<Work&, Out>;
    auto after = std::make_shared<Belt<Made>>(capacity_);
    stages_.emplace_back([before = back_, after, work = std::move(work)]() mutable {
      run_stage(*before, *after, std::move(work));
    });
    return AssemblyLine<In, Made>(capacity_, std::move(front_), std::move(after),
                                  std::move(stages_));
  }

  AssemblyLine(AssemblyLine&&) noexcept = default;
  AssemblyLine& operator=(AssemblyLine&&) = delete;

  // Does what is still in the line, drops the results, and ends the stages.
  ~AssemblyLine() {
    if (front_ == nullptr) return;
    finish();
    while (!ended_) static_cast<void>(next());
  }

  // Puts `item` on the first belt, waiting for room there.
  void put(In item) { front_->put(Message<In>(std::in_place_index<0>, std::move(item))); }

  // Says that no item will follow.
  void finish() {
    if (!std::exchange(finished_, true)) front_->put_end();
  }

  // The next item that comes out, waiting for it. Throws what a stage threw in its place.
  // Nothing once the stream has ended, and from then on.
  [[nodiscard]] std::optional<Out> take() {
    Message<Out> message = next();
    if (auto* error = std::get_if<std::exception_ptr>(&message)) {
      std::rethrow_exception(std::move(*error));
    }
    if (ended_) return std::nullopt;
    return std::get<0>(std::move(message));
  }

 private:
  template <typename, typename>
  friend class AssemblyLine;

  AssemblyLine(std::size_t capacity, std::shared_ptr<Belt<In>> front,
               std::shared_ptr<Belt<Out>> back, std::vector<std::jthread> stages)
      : capacity_(capacity),
        front_(std::move(front)),
        back_(std::move(back)),
        stages_(std::move(stages)) {}

  Message<Out> next() {
    if (ended_) return EndOfStream{};
    Message<Out> message = back_->take();
    ended_ = std::holds_alternative<EndOfStream>(message);
    return message;
  }

  std::size_t capacity_;

  // Shared with the stages at both ends.
  std::shared_ptr<Belt<In>> front_;
  std::shared_ptr<Belt<Out>> back_;

  bool finished_ = false;  // written by the source that finishes
  bool ended_ = false;     // written by the sink

  // Written by the owner. Last, so that it is destroyed first: that joins the stages.
  std::vector<std::jthread> stages_;
};
