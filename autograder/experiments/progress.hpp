// Tells a person what is running, once it has taken a second.
//
//   Progress progress("Building lesson 1's demo");    Building lesson 1's demo … 7 s  [3/12]
//   progress.note("[3/12]");
//
// Written to standard error: in place on a terminal and gone at the end, else one line.
//
// Threads     note: any thread. The line is written by a thread of its own.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace course::experiments {

class Progress {
 public:
  explicit Progress(std::string title);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // What is shown after the seconds, from the next second on.
  void note(std::string text);

 private:
  void show(std::stop_token stop);

  const std::string title_;
  const bool terminal_;
  std::mutex mutex_;  // guards note_ and shown_
  std::condition_variable_any wake_;
  std::string note_;
  bool shown_ = false;
  std::jthread writer_;  // last: it uses all of the above
};

}  // namespace course::experiments
