// TCP on this machine: a listener, and a client whose every wait has an end.
//
// Threads     One thread each.
// Errors      std::system_error with what was tried and the system's reason.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "descriptor.hpp"

// `port` of 127.0.0.1, the address that no other machine reaches.
inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// The calls below want the general form of an address.
inline sockaddr* general(sockaddr_in& address) {
  return reinterpret_cast<sockaddr*>(&address);
}

// A socket that never makes its caller wait, listening on `port`; 0: the system chooses.
[[nodiscard]] inline Descriptor listen_on(std::uint16_t port) {
  Descriptor listener(or_throw(
      ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket"));
  // Without it a port stays taken for a minute after its last connection.
  const int yes = 1;
  ::setsockopt(listener.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  // What is accepted inherits it. Without it a small answer waits until the one before it is
  // acknowledged, which takes up to 40 ms (Nagle's algorithm and delayed acknowledgements).
  ::setsockopt(listener.number(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  sockaddr_in address = loopback(port);
  const std::string what = "listening on port " + std::to_string(port);
  or_throw(::bind(listener.number(), general(address), sizeof address), what.c_str());
  or_throw(::listen(listener.number(), SOMAXCONN), what.c_str());
  return listener;
}

[[nodiscard]] inline std::uint16_t port_of(const Descriptor& listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  or_throw(::getsockname(listener.number(), general(address), &size), "getsockname");
  return ntohs(address.sin_port);
}

// A client as they are: it blocks. No call waits for longer than `patience`.
class Client {
 public:
  using Milliseconds = std::chrono::milliseconds;

  // Has a descriptor, and is not connected yet.
  explicit Client(Milliseconds patience = std::chrono::seconds(3))
      : socket_(or_throw(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")),
        patience_(patience) {
    const int yes = 1;
    ::setsockopt(socket_.number(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  }

  // Takes over a connection that was accepted.
  explicit Client(Descriptor connection) : Client() { socket_ = std::move(connection); }

  [[nodiscard]] static Client connected_to(std::uint16_t port) {
    Client client;
    client.connect(port);
    return client;
  }

  void connect(std::uint16_t port) {
    sockaddr_in address = loopback(port);
    or_throw(::connect(socket_.number(), general(address), sizeof address), "connect");
  }

  // Sends all of it; false if the other side is gone, or takes nothing for so long.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t taken = send_some(bytes);
      if (taken == 0) return false;
      bytes.remove_prefix(taken);
    }
    return true;
  }

  // Sends what is taken at once, or first waits for room; returns how much: 0 if the other
  // side is gone, or takes nothing for so long.
  std::size_t send_some(std::string_view bytes) {
    if (!wait_for(POLLOUT)) return 0;
    const ssize_t taken =
        ::send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return taken > 0 ? static_cast<std::size_t>(taken) : 0;
  }

  // The next line, without its end; nothing if the data ends before, or none comes for so
  // long.
  std::optional<std::string> line() {
    for (std::size_t looked_at = 0;;) {
      const std::size_t end = received_.find('\n', looked_at);
      if (end != received_.npos) {
        std::string line = received_.substr(0, end);
        received_.erase(0, end + 1);
        return line;
      }
      looked_at = received_.size();
      if (!receive()) return std::nullopt;
    }
  }

  // Whether the other side ends the connection, in order or by a reset.
  bool ended() {
    while (receive()) received_.clear();
    return ended_;
  }

  // Says that nothing more will be sent; answers can still be received.
  void end_sending() { ::shutdown(socket_.number(), SHUT_WR); }

  // Ends the connection at once, as a crash or a broken line does: the other side reads
  // an error instead of an end.
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(socket_.number(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    socket_ = Descriptor();
  }

  void set_patience(Milliseconds patience) { patience_ = patience; }

  [[nodiscard]] const Descriptor& descriptor() const { return socket_; }

 private:
  bool wait_for(short what) {
    pollfd wanted{socket_.number(), what, 0};
    return ::poll(&wanted, 1, static_cast<int>(patience_.count())) > 0;
  }

  bool receive() {
    if (ended_ || !wait_for(POLLIN)) return false;
    char bytes[16 * 1024];
    const ssize_t count = ::recv(socket_.number(), bytes, sizeof bytes, 0);
    ended_ = count <= 0;
    if (!ended_) received_.append(bytes, static_cast<std::size_t>(count));
    return !ended_;
  }

  Descriptor socket_;
  Milliseconds patience_;
  std::string received_;
  bool ended_ = false;
};
