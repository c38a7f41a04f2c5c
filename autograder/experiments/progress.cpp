#include "experiments/progress.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <utility>

namespace course::experiments {

Progress::Progress(std::string title)
    : title_(std::move(title)),
      terminal_(::isatty(STDERR_FILENO) == 1),
      writer_([this](std::stop_token stop) { show(std::move(stop)); }) {}

Progress::~Progress() {
  writer_.request_stop();
  writer_.join();
  if (shown_ && terminal_) std::fputs("\r\033[K", stderr);
}

void Progress::note(std::string text) {
  const std::lock_guard lock(mutex_);
  note_ = std::move(text);
}

void Progress::show(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  for (int seconds = 1;; ++seconds) {
    wake_.wait_for(lock, stop, std::chrono::seconds(1), [] { return false; });
    if (stop.stop_requested()) return;
    if (terminal_) {
      std::fprintf(stderr, "\r\033[K%s … %d s  %s", title_.c_str(), seconds,
                   note_.c_str());
    } else if (!shown_) {
      std::fprintf(stderr, "%s …\n", title_.c_str());
    }
    shown_ = true;
  }
}

}  // namespace course::experiments
