// A process of the demo's own: forked, kept on one core, and ended with its owner.
//
// Threads     One thread; no other thread may run at the moment of the fork.
// Errors      std::system_error where no process or pipe can be had.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>

#include "descriptor.hpp"
#include "machine/usable_cores.hpp"

// Keeps the calling thread, and those that it starts, on the n-th usable core, or on the
// only one.
inline void keep_to_core(std::size_t n) {
  const auto cores = course::machine::allowed_cores();
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cores[n % cores.size()], &one);
  ::sched_setaffinity(0, sizeof one, &one);
}

class Process {
 public:
  // Runs `body(say)` in a process on the n-th core; `say(line)` sends a line to the owner.
  template <typename Body>
  Process(std::size_t core, Body body) {
    int ends[2];
    or_throw(::pipe2(ends, O_CLOEXEC), "pipe");
    from_ = Descriptor(ends[0]);
    const Descriptor to(ends[1]);
    number_ = or_throw(::fork(), "fork");
    if (number_ > 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    keep_to_core(core);
    const auto say = [&to](std::string line) {
      line += '\n';
      static_cast<void>(::write(to.number(), line.data(), line.size()));
    };
    try {
      body(say);
    } catch (const std::exception& error) {
      say(error.what());
    }
    ::_exit(0);
  }

  ~Process() {
    ::kill(number_, SIGKILL);
    ::waitpid(number_, nullptr, 0);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // The next line that it says; what came if it ends before.
  std::string line() {
    std::string said;
    for (char byte = 0; ::read(from_.number(), &byte, 1) == 1 && byte != '\n';)
      said += byte;
    return said;
  }

  // Processor time that it has used, in seconds.
  [[nodiscard]] double seconds_used() const {
    std::ifstream file("/proc/" + std::to_string(number_) + "/stat");
    std::string word;
    for (int field = 0; field < 13; ++field) file >> word;
    double user = 0;
    double system = 0;
    file >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  }

  // What /proc says of it under `name`: "VmRSS" (in kB), "Threads".
  [[nodiscard]] double status(const std::string& name) const {
    std::ifstream file("/proc/" + std::to_string(number_) + "/status");
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with(name + ":")) return std::stod(line.substr(name.size() + 1));
    }
    return 0;
  }

 private:
  pid_t number_ = 0;
  Descriptor from_;
};
