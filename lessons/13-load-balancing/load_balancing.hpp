// Round robin in front of services: each client's connection goes to the next service, and
// bytes are handed on in both directions without being looked at.
//
//   client 1 ===\                 /===> service 1
//   client 2 ===== round robin =======> service 2
//   client 3 ===/                 \===> service 3      client 4 ===> service 1 …
//
// Threads     stop: any thread. All else: one thread, the loop's.
// Progress    No call blocks but run. A side that does not read is not read for either.
//
// Invariants
//   I1  A connection stays with its service for life: what a client sends on it arrives in order,
//       and its answers come in order.
//   I2  When one side is gone, so is the other.
//   I3  A service that refuses a connection is passed over; where all do, the client's is closed.
//
// Left out    To see that a service is dead that refuses nothing, and how busy each one is
//             (exercise 13.3); to send one client's requests to several services (exercise 13.2).
#pragma once

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../06-event-driven/event_driven.hpp"
#include "../06-event-driven/sockets.hpp"

class RoundRobin {
 public:
  // Hands on to the services at these ports of this machine.
  RoundRobin(Descriptor listener, std::vector<std::uint16_t> services)
      : listener_(std::move(listener)), services_(std::move(services)) {
    loop_.watch(listener_.number(), Interest::kRead, [this](const Ready&) { accept(); });
  }

  [[nodiscard]] std::uint16_t port() const { return port_of(listener_); }
  void run() { loop_.run(); }
  void stop() { loop_.stop(); }

 private:
  struct Side {
    Descriptor socket;
    std::uint64_t token = 0;
    std::string unsent;  // to this side
    Interest interest = Interest::kRead;
  };
  using Pair = std::array<Side, 2>;  // the client, the service

  static constexpr std::size_t most_unsent = 1 << 18;

  void accept() {
    Descriptor client(
        ::accept4(listener_.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client.number() < 0) return;
    connect(std::make_shared<Descriptor>(std::move(client)), services_.size());
  }

  //> region connect
  // Connects `client` to the next service that does not refuse it; closes it after so many
  // refusals.
  void connect(const std::shared_ptr<Descriptor>& client, std::size_t tries) {
    if (tries == 0) return;  // its last owner goes, and so it is closed (I3)
    const auto service = std::make_shared<Descriptor>(
        ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in address = loopback(services_[next_++ % services_.size()]);
    const int result = ::connect(service->number(), general(address), sizeof address);
    if (result < 0 && errno != EINPROGRESS) return connect(client, tries - 1);
    // It is writable once it is known whether there is a connection.
    loop_.watch(service->number(), Interest::kWrite,
                [this, client, service, tries](const Ready& ready) {
                  loop_.unwatch(ready.token);
                  int error = 0;
                  socklen_t size = sizeof error;
                  ::getsockopt(service->number(), SOL_SOCKET, SO_ERROR, &error, &size);
                  if (error != 0) return connect(client, tries - 1);
                  join(std::move(*client), std::move(*service));
                });
  }
  //<

  void join(Descriptor client, Descriptor service) {
    const int yes = 1;
    ::setsockopt(service.number(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    const auto pair = std::make_shared<Pair>();
    (*pair)[0].socket = std::move(client);
    (*pair)[1].socket = std::move(service);
    for (std::size_t from = 0; from < 2; ++from) {
      (*pair)[from].token = loop_.watch(
          (*pair)[from].socket.number(), Interest::kRead,
          [this, pair, from](const Ready& ready) { hand_on(*pair, from, ready); });
    }
  }

  //> region hand-on
  // One side is ready: what it says goes to the other, and what it was to hear is sent.
  void hand_on(Pair& pair, std::size_t from, const Ready& ready) {
    Side& side = pair[from];
    Side& other = pair[1 - from];
    bool open = true;
    if (ready.readable) open = receive(side, other.unsent);
    // First what came before the end, then the end.
    const bool sent = send(other) && send(side);
    if (!open || !sent || ready.broken) {
      loop_.unwatch(side.token);
      loop_.unwatch(other.token);
      return;
    }
    choose_interest(side, other);
    choose_interest(other, side);
  }
  //<

  static bool receive(Side& from, std::string& to) {
    char bytes[16 * 1024];
    const ssize_t count = ::recv(from.socket.number(), bytes, sizeof bytes, 0);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    to.append(bytes, static_cast<std::size_t>(count));
    return count > 0;
  }

  static bool send(Side& side) {
    if (side.unsent.empty()) return true;
    const ssize_t count = ::send(side.socket.number(), side.unsent.data(),
                                 side.unsent.size(), MSG_NOSIGNAL);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    side.unsent.erase(0, static_cast<std::size_t>(count));
    return true;
  }

  // Reads from `side` unless `other` does not take it, and writes to it if there is something.
  void choose_interest(Side& side, const Side& other) {
    const bool read = other.unsent.size() < most_unsent;
    const bool write = !side.unsent.empty();
    const Interest wanted = read && write ? Interest::kBoth
                            : read        ? Interest::kRead
                            : write       ? Interest::kWrite
                                          : Interest::kNothing;
    if (wanted == side.interest) return;
    side.interest = wanted;
    loop_.change(side.token, wanted);
  }

  // Written at construction only.
  const Descriptor listener_;
  const std::vector<std::uint16_t> services_;

  // Written by the loop's thread.
  std::size_t next_ = 0;
  EventLoop<> loop_;
};
