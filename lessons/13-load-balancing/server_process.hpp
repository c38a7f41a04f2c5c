// A server in a process of its own: listens on loopback, at a port that the system chose; gone
// when this object is, or when this process ends, however it ends.
//
// Threads     One; no other thread may run at the moment of a start.
// Errors      std::system_error where no process or port can be had.
#pragma once

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <utility>

#include "../06-event-driven/sockets.hpp"

class ServerProcess {
 public:
  // Serves on this listener until the process is killed.
  using Serve = std::function<void(Descriptor listener)>;

  explicit ServerProcess(Serve serve) : serve_(std::move(serve)) { start(); }
  ~ServerProcess() { kill(); }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] pid_t number() const { return number_; }

  // Starts it; after a kill again, at the same port.
  void start() {
    Descriptor listener = listen_on(port_);
    port_ = port_of(listener);
    const pid_t owner = ::getpid();
    number_ = or_throw(::fork(), "fork");
    // Our own copy of the listener is closed here: what no process has, refuses.
    if (number_ > 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != owner) ::_exit(1);  // it ended before the line above
    ::_exit(serve_alone(std::move(listener)));
  }

  // Ends it as a crash does: it is not asked.
  void kill() {
    if (number_ <= 0) return;
    send_signal(SIGKILL);
    while (::waitpid(number_, nullptr, 0) < 0 && errno == EINTR) {
    }
    number_ = -1;
  }

  // SIGSTOP: it lives, and does nothing any more. SIGCONT: it continues.
  void send_signal(int signal) const { ::kill(number_, signal); }

 private:
  // Keeps the listener, and closes whatever else was inherited: a connection ends only when no
  // process has it any more.
  int serve_alone(Descriptor listener) {
    constexpr int first = 3;
    if (listener.number() != first) {
      ::dup2(listener.number(), first);
      listener = Descriptor();
    }
    ::close_range(first + 1, ~0U, 0);
    try {
      serve_(listener.number() == first ? std::move(listener) : Descriptor(first));
    } catch (const std::exception& error) {
      std::fprintf(stderr, "a server has ended: %s\n", error.what());
    }
    return 1;
  }

  Serve serve_;
  std::uint16_t port_ = 0;
  pid_t number_ = -1;
};
