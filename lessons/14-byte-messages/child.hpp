// A process that a test or an experiment starts, and may kill.
//
// Threads     One; no other thread may run at the moment of the fork.
// Errors      std::system_error where no process can be had.
#pragma once

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <exception>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "../06-event-driven/descriptor.hpp"

class Child {
 public:
  // Runs `body()` in a new process. It ends with status 0, with 1 if `body` throws, and
  // with its owner at the latest.
  template <typename Body>
  explicit Child(Body body) : number_(or_throw(::fork(), "fork")) {
    if (number_ > 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    try {
      body();
    } catch (const std::exception&) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  ~Child() { kill(); }
  Child(Child&& other) noexcept : number_(std::exchange(other.number_, 0)) {}
  Child& operator=(Child&&) = delete;

  // Kills it, wherever it is, and returns when it is gone.
  void kill() {
    if (number_ == 0) return;
    ::kill(number_, SIGKILL);
    ::waitpid(std::exchange(number_, 0), nullptr, 0);
  }

  // Waits for its end and returns its status (128 and the number of a signal that ended it);
  // nothing, and kills it, if it does not end within `patience`.
  [[nodiscard]] std::optional<int> ends(std::chrono::milliseconds patience) {
    int status = 0;
    const bool ended =
        within(patience, [&] { return ::waitpid(number_, &status, WNOHANG) == number_; });
    if (!ended) {
      kill();
      return std::nullopt;
    }
    number_ = 0;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

  // Waits until it sleeps in the system; false if it does not within `patience`.
  [[nodiscard]] bool sleeps(std::chrono::milliseconds patience) const {
    return within(patience, [this] {
      std::ifstream file("/proc/" + std::to_string(number_) + "/stat");
      std::string word;
      for (int field = 0; field < 3; ++field) file >> word;
      return word == "S";
    });
  }

 private:
  template <typename Holds>
  static bool within(std::chrono::milliseconds patience, Holds holds) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    return true;
  }

  pid_t number_;
};
