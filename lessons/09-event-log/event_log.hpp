// Event log: commands from any thread, in one order, written down before they are carried out.
//
//   leader 1 --submit--> [ queue ] --> sequencer --1--> log      "17 deposit 5\n"
//   leader 2 --submit-->                   |
//                                          '------2--> state --3--> the leader's future
//
// Threads     submit: any thread. Construct, close and destroy: one thread. The sequencer is a
//             thread of the log's own.
// Progress    submit waits for nothing but the lock. close waits until all that was submitted
//             is done.
//
// Invariants
//   I1  queue_ and closed_ are read and written only while mutex_ is held.
//   I2  Until close returns, state_, last_ and log_ are touched by the sequencer alone.
//   I3  A command is in the log, whole and with the next number, before it is applied; and
//       applied before it is answered. So a leader that has an answer finds its command in the log.
//   I4  The state is what `apply` makes of the log's lines, from first to last, and of nothing
//       else.
//   I5  Once a line could not be written, nothing more is written, applied or answered but by
//       an exception: the lines after a gap would mean something else.
//
// Edges       HAND OVER  submit unlocks mutex_  -->  the sequencer locks it
//             ANSWER     the sequencer sets the promise  -->  get of the future returns
//
// Left out    A checksum, and the disk: a line is handed to the kernel, which outlives this
//             process and not a power cut (exercise 9.1). A log that is shorter than its history
//             (exercise 9.2).
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <future>
#include <istream>
#include <mutex>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

// A State has `std::string apply(std::string_view command)`, which does what the command says and
// returns the answer. It depends on the command and the state, and on nothing else. It does not
// throw: a refusal is an answer.
template <typename State>
class EventLog {
 public:
  // `state` is what the `last` lines that are in `log` have made.
  EventLog(State state, std::uint64_t last, std::ostream& log)
      : state_(std::move(state)), last_(last), log_(log) {}
  ~EventLog() { close(); }
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  //> region submit
  // Puts `command` in its place among all commands. The future has its answer once it is in the
  // log and was applied, or std::runtime_error if the log could not be written.
  std::future<std::string> submit(std::string command) {
    if (command.find('\n') != std::string::npos) {
      throw std::invalid_argument("a command is one line");
    }
    Submitted submitted{std::move(command), {}};
    auto answer = submitted.answer.get_future();
    {
      const std::scoped_lock lock(mutex_);
      if (closed_) throw std::logic_error("submitted to a log that is closed");
      queue_.push_back(std::move(submitted));
      changed_.notify_one();
    }
    return answer;
  }
  //<

  // Has everything done that was submitted, and returns the state.
  const State& close() {
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
      changed_.notify_one();
    }
    if (sequencer_.joinable()) sequencer_.join();
    return state_;
  }

 private:
  struct Submitted {
    std::string command;
    std::promise<std::string> answer;
  };

  //> region sequencer
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return !queue_.empty() || closed_; });
      if (queue_.empty()) return;
      Submitted next = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      carry_out(next);
      lock.lock();
    }
  }

  void carry_out(Submitted& next) {
    try {
      write(next.command);
    } catch (...) {
      next.answer.set_exception(std::current_exception());
      return;
    }
    next.answer.set_value(state_.apply(next.command));
  }

  // The line is with the kernel when this returns. A stream that failed stays failed (I5).
  void write(const std::string& command) {
    log_ << last_ + 1 << ' ' + command + '\n' << std::flush;
    if (!log_) throw std::runtime_error("the log cannot be written");
    ++last_;
  }
  //<

  // Written by any thread that holds mutex_.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Submitted> queue_;
  bool closed_ = false;

  // Written by the sequencer.
  State state_;
  std::uint64_t last_;
  std::ostream& log_;

  std::jthread sequencer_{[this] { run(); }};
};

struct Rebuilt {
  std::uint64_t last = 0;   // the number of the last whole line
  std::uint64_t bytes = 0;  // that the whole lines take; behind them is what a crash left
};

//> region rebuild
// Applies the lines of `log` to `state`, which is as it was before the first of them. The last
// line is left out if its end is missing: it was never answered. Throws std::runtime_error at a
// line whose number is not the next.
template <typename State>
Rebuilt rebuild(std::istream& log, State& state) {
  Rebuilt rebuilt;
  for (std::string line; std::getline(log, line) && !log.eof();) {
    std::istringstream words(line);
    std::uint64_t number = 0;
    if (!(words >> number) || number != rebuilt.last + 1 || words.get() != ' ') {
      throw std::runtime_error("line " + std::to_string(rebuilt.last + 1) +
                               " of the log is not there: " + line);
    }
    state.apply(std::string_view(line).substr(static_cast<std::size_t>(words.tellg())));
    ++rebuilt.last;
    rebuilt.bytes += line.size() + 1;
  }
  return rebuilt;
}
//<
