#include "grader/ticker.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <utility>

namespace course::grader {

Ticker::Ticker(std::FILE* stream, std::vector<Stage> stages)
    : stream_(stream),
      stages_(std::move(stages)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Ticker::~Ticker() {
  thread_.request_stop();
  thread_.join();
  erase();
}

Ticker::Silence Ticker::silence_for(Stage done) {
  Silence silence(mutex_);
  std::erase(stages_, done);
  erase();
  return silence;
}

void Ticker::run(const std::stop_token& stop) {
  const auto started = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    changed_.wait_for(lock, stop, std::chrono::milliseconds(500), [] { return false; });
    if (stop.stop_requested() || stages_.empty()) continue;
    std::string names;
    for (const Stage stage : stages_) names += fmt::format(" {}", name_of(stage));
    const std::chrono::duration<double> passed =
        std::chrono::steady_clock::now() - started;
    const std::string line =
        fmt::format("\r\033[K  working on{}  {:.0f} s", names, passed.count());
    std::fputs(line.c_str(), stream_);  // where it cannot be written, nothing is lost
    std::fflush(stream_);
    drawn_ = true;
  }
}

void Ticker::erase() {
  if (drawn_) std::fputs("\r\033[K", stream_);
  drawn_ = false;
}

}  // namespace course::grader
