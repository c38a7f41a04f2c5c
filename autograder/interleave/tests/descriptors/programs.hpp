// What the programs of this folder have in common: short names for what each does with
// descriptors, and what is asked of a right one and of a broken one.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "../other_process.hpp"
#include "../primitives/clean.hpp"

namespace interleave {

// -- What the programs do ---------------------------------------------------------------

// Two descriptors that belong together, closed at the end.
class Ends {
 public:
  ~Ends() {
    close_end(0);
    close_end(1);
  }
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;

  [[nodiscard]] int operator[](int end) const { return ends_[end]; }
  void close_end(int end) {
    const int number = std::exchange(ends_[end], -1);
    if (number >= 0) check(close(number) == 0);
  }

 protected:
  Ends() = default;
  int ends_[2] = {-1, -1};
};

// The first is read, the second written to.
struct Pipe : Ends {
  explicit Pipe(int flags = 0) { check(pipe2(ends_, flags) == 0); }
};

struct Sockets : Ends {
  explicit Sockets(int type = SOCK_STREAM) {
    check(socketpair(AF_UNIX, type, 0, ends_) == 0);
  }
};

// One descriptor, closed at the end.
class Owned {
 public:
  explicit Owned(int number) : number_(number) { check(number >= 0); }
  ~Owned() { check(close(number_) == 0); }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  operator int() const { return number_; }

 private:
  int number_;
};

// False if the other end is gone.
inline bool write_all(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = write(to, bytes.data(), bytes.size());
    if (put < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

// Fewer if the other end is gone.
inline std::string read_all(int from, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const ssize_t more = read(from, bytes.data() + got, size - got);
    if (more <= 0) break;
    got += static_cast<std::size_t>(more);
  }
  bytes.resize(got);
  return bytes;
}

inline std::string read_once(int from, std::size_t size) {
  std::string bytes(size, '\0');
  bytes.resize(
      static_cast<std::size_t>(std::max<ssize_t>(read(from, bytes.data(), size), 0)));
  return bytes;
}

// An eventfd as a doorbell.
inline void ring(int bell) {
  const std::uint64_t once = 1;
  check(write(bell, &once, sizeof once) == sizeof once);
}
inline std::uint64_t answer(int bell) {
  std::uint64_t rings = 0;
  return read(bell, &rings, sizeof rings) == sizeof rings ? rings : 0;
}

inline void watch(int epoll, int number, std::uint32_t events = EPOLLIN) {
  epoll_event event{};
  event.events = events;
  event.data.fd = number;
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, number, &event) == 0);
}
// The first that is ready; -1: time is up.
inline int next_ready(int epoll, int milliseconds = -1) {
  epoll_event event{};
  return epoll_wait(epoll, &event, 1, milliseconds) == 1 ? event.data.fd : -1;
}

inline bool is_readable(int number, int milliseconds) {
  pollfd asked{number, POLLIN, 0};
  return poll(&asked, 1, milliseconds) == 1;
}

// A socket that listens on a port of this machine.
class Listener {
 public:
  explicit Listener(int flags = 0) : socket_(socket(AF_INET, SOCK_STREAM | flags, 0)) {
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(bind(socket_, as_address(any), sizeof any) == 0);
    check(listen(socket_, 4) == 0);
    socklen_t size = sizeof address_;
    check(getsockname(socket_, reinterpret_cast<sockaddr*>(&address_), &size) == 0);
  }

  operator int() const { return socket_; }
  [[nodiscard]] int connect_to() const {
    return connect_with(socket(AF_INET, SOCK_STREAM, 0));
  }
  [[nodiscard]] int connect_with(int client) const {
    check(connect(client, as_address(address_), sizeof address_) == 0);
    return client;
  }
  [[nodiscard]] const sockaddr_in& address() const { return address_; }

  static const sockaddr* as_address(const sockaddr_in& address) {
    return reinterpret_cast<const sockaddr*>(&address);
  }

 private:
  Owned socket_;
  sockaddr_in address_{};
};

// -- What is asked of them --------------------------------------------------------------

// Property: it is found, as what it is, and its token fails again, ten times of ten.
inline void expect_found(const std::string& kind, const std::function<void()>& body) {
  Options options;
  options.seconds = 60;
  const Result found = find_failure(body, options);
  if (std::getenv("INTERLEAVE_REPLAY") != nullptr) return;
  EXPECT_EQ(found.kind, kind) << found.message << '\n' << found.picture;
  if (std::getenv("SHOW_PICTURES") != nullptr) std::printf("%s\n", found.picture.c_str());
  for (int i = 0; i < 10; ++i) {
    const std::string again =
        output_of(program_invocation_name, current_test(), found.token);
    EXPECT_NE(again.find("\"kind\":\"" + kind + "\""), std::string::npos) << again;
    EXPECT_NE(again.find("\"same_steps\":true"), std::string::npos) << again;
  }
}

}  // namespace interleave
