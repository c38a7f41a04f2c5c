// What the programs of this folder have in common: short names for what each does with
// descriptors, and what is asked of a right one and of a broken one.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

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
    if (ends_[end] >= 0) check(close(ends_[end]) == 0);
    ends_[end] = -1;
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

inline void write_all(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = write(to, bytes.data(), bytes.size());
    if (put < 0) check(false, "write fails");
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
}

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

// -- What is asked of them --------------------------------------------------------------

// Property: found, as what it is, and its token fails again ten times of ten.
inline Result expect_found(const std::string& kind, const std::function<void()>& body) {
  Options options;
  options.seconds = 60;
  const Result found = find_failure(body, options);
  EXPECT_EQ(found.kind, kind) << found.message << '\n' << found.picture;
  return found;
}

}  // namespace interleave
