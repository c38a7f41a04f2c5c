// Leaves a hundred daemons, each in a session of its own.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <mutex>

// For twenty seconds at most.
inline void leave_a_daemon() {
  const pid_t child = ::fork();
  if (child == 0) {
    ::setsid();
    if (::fork() == 0) ::sleep(20);
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
}

class Slot {
 public:
  Slot() {
    for (int daemon = 0; daemon < 100; ++daemon) leave_a_daemon();
  }

  void put(int value) {
    const std::lock_guard lock(mutex_);
    value_ = value;
  }

  int take() {
    const std::lock_guard lock(mutex_);
    return value_;
  }

 private:
  std::mutex mutex_;
  int value_ = 0;
};
