// The line "  working on tsan, asan  12 s", rewritten in place while stages run.
//
//   its thread   draws it twice a second
//   Silence      while one lives the line is gone, and the thread waits
//
// Threads     One writer of the stream, which prints only within a Silence, and its own.
#pragma once

#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "catalogue/stage.hpp"

namespace course::grader {

class Ticker {
 public:
  // `stages` are those that are not known yet.
  Ticker(std::FILE* stream, std::vector<Stage> stages);
  ~Ticker();
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

  using Silence = std::unique_lock<std::mutex>;

  // Takes the line away. `done` is known now, and no longer named.
  [[nodiscard]] Silence silence_for(Stage done);

 private:
  void run(const std::stop_token& stop);
  void erase();

  std::FILE* stream_;
  std::mutex mutex_;  // guards the stream and all below
  std::condition_variable_any changed_;
  std::vector<Stage> stages_;
  bool drawn_ = false;
  std::jthread thread_;  // last: it uses all above
};

}  // namespace course::grader
