// Sockets: names and connections.
//
// A socket of TCP over the loopback is one of AF_UNIX for the kernel, named after its port
// and this process. The program sees addresses and ports as ever; they begin anew in each run.
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>

#include "interleave/runtime/descriptor_calls.hpp"
#include "interleave/runtime/others.hpp"

namespace interleave {
namespace {

constexpr int kTypeMask = 0xF;  // beside SOCK_NONBLOCK and SOCK_CLOEXEC

bool is_internet(const Description& socket) { return socket.domain != AF_UNIX; }

// Of sockaddr_in and sockaddr_in6: both have it at the same place.
std::uint16_t port_of(const std::string& address) {
  sockaddr_in as_in{};
  std::memcpy(&as_in, address.data(), std::min(address.size(), sizeof as_in));
  return ntohs(as_in.sin_port);
}

std::string loopback(int domain, std::uint16_t port) {
  if (domain == AF_INET6) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    address.sin6_addr = in6addr_loopback;
    return {reinterpret_cast<const char*>(&address), sizeof address};
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return {reinterpret_cast<const char*>(&address), sizeof address};
}

bool is_on_this_machine(const std::string& address, int domain) {
  if (domain == AF_INET6) {
    sockaddr_in6 given{};
    std::memcpy(&given, address.data(), std::min(address.size(), sizeof given));
    return IN6_IS_ADDR_LOOPBACK(&given.sin6_addr) ||
           IN6_IS_ADDR_UNSPECIFIED(&given.sin6_addr);
  }
  sockaddr_in given{};
  std::memcpy(&given, address.data(), std::min(address.size(), sizeof given));
  const std::uint32_t host = ntohl(given.sin_addr.s_addr);
  return host == INADDR_ANY || host >> 24U == IN_LOOPBACKNET;
}

// The kernel's name for a port: an abstract one of AF_UNIX.
std::string kernel_name(std::uint16_t port) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::string text =
      "interleave/" + std::to_string(::getpid()) + "/" + std::to_string(port);
  std::memcpy(name.sun_path + 1, text.data(), text.size());
  return {reinterpret_cast<const char*>(&name),
          offsetof(sockaddr_un, sun_path) + 1 + text.size()};
}

const sockaddr* as_address(const std::string& bytes) {
  return reinterpret_cast<const sockaddr*>(bytes.data());
}

void copy_address(const std::string& from, sockaddr* address, socklen_t* size) {
  if (address == nullptr || size == nullptr) return;
  std::memcpy(address, from.data(), std::min<std::size_t>(*size, from.size()));
  *size = static_cast<socklen_t>(from.size());
}

// The address that a program gave, and the same for the kernel.
struct Names {
  std::string address;
  std::string name;
};

Names names_of(Thread& self, const Description& socket, const sockaddr* address,
               socklen_t size, ProgramCounter pc) {
  Names names;
  names.address.assign(reinterpret_cast<const char*>(address), size);
  names.name = names.address;
  if (!is_internet(socket)) return names;
  if (!is_on_this_machine(names.address, socket.domain)) {
    engine().unsupported(self, pc, "a socket to another machine");
  }
  names.name = kernel_name(port_of(names.address));
  return names;
}

void connect_channels(Description& client, Description& server) {
  client.in = server.out = &descriptors().make_channel();
  client.out = server.in = &descriptors().make_channel();
  client.in->messages = client.out->messages = client.type != SOCK_STREAM;
}

Operation control_of(const Thread& self, const Description& socket, ProgramCounter pc) {
  Operation operation = operation_on(self, OperationKind::kControl, socket, pc);
  operation.second_object |= kNumbering;  // ports are numbered too
  return operation;
}

Description& made_socket(int domain, int type) {
  Description& made = descriptors().make(DescriptorKind::kSocket);
  made.domain = domain;
  made.type = type & kTypeMask;
  return made;
}

}  // namespace

// -- Opening ----------------------------------------------------------------------------

int open_socket(Thread& self, int domain, int type, int protocol, ProgramCounter pc) {
  if ((type & kTypeMask) == SOCK_DGRAM) {
    engine().unsupported(self, pc, "a socket for datagrams that is no pair");
  }
  Operation operation{.thread = self.id,
                      .kind = OperationKind::kOpen,
                      .second_object = kNumbering,
                      .pc = pc};
  scheduler().point(self, operation);
  const int kernel_protocol = domain == AF_UNIX ? protocol : 0;
  const int made = ::socket(AF_UNIX, type | SOCK_NONBLOCK, kernel_protocol);
  if (made < 0) return -1;
  Description& socket = made_socket(domain, type);
  const int number = deliver(self, made, socket, (type & SOCK_NONBLOCK) != 0, pc);
  operation.object = socket.object;
  if (number >= 0) done(self, operation);
  return number;
}

int open_socket_pair(Thread& self, int domain, int type, int protocol, int* ends,
                     ProgramCounter pc) {
  Operation operation{.thread = self.id,
                      .kind = OperationKind::kOpen,
                      .second_object = kNumbering,
                      .pc = pc};
  scheduler().point(self, operation);
  int made[2];
  if (::socketpair(domain, type | SOCK_NONBLOCK, protocol, made) != 0) return -1;
  Description& first = made_socket(domain, type);
  Description& second = descriptors().make_other_end(first);
  second.domain = first.domain;
  second.type = first.type;
  connect_channels(first, second);
  const bool nonblocking = (type & SOCK_NONBLOCK) != 0;
  const int one = deliver(self, made[0], first, nonblocking, pc);
  const int other = deliver(self, made[1], second, nonblocking, pc);
  if (one < 0 || other < 0) return -1;
  ends[0] = one;
  ends[1] = other;
  operation.object = first.object;
  done(self, operation);
  return 0;
}

// -- Names ------------------------------------------------------------------------------

int bind_socket(Thread& self, int number, const sockaddr* address, socklen_t size,
                ProgramCounter pc) {
  Description& socket = opened(self, number, pc);
  Names names = names_of(self, socket, address, size, pc);
  const Operation operation = control_of(self, socket, pc);
  scheduler().point(self, operation);
  opened(self, number, pc);
  if (is_internet(socket) && port_of(names.address) == 0) {
    names.address = loopback(socket.domain, descriptors().fresh_port());
    names.name = kernel_name(port_of(names.address));
  }
  if (!is_internet(socket)) notice_others();
  const int result =
      ::bind(number, as_address(names.name), static_cast<socklen_t>(names.name.size()));
  if (result != 0) return result;
  socket.address = std::move(names.address);
  socket.name = std::move(names.name);
  done(self, operation);
  return 0;
}

int listen_socket(Thread& self, int number, int backlog, ProgramCounter pc) {
  Description& socket = opened(self, number, pc);
  if (is_internet(socket) && socket.name.empty()) {
    const std::string any = loopback(socket.domain, 0);
    const int bound = bind_socket(self, number, as_address(any),
                                  static_cast<socklen_t>(any.size()), pc);
    if (bound != 0) return bound;
  }
  const Operation operation = control_of(self, socket, pc);
  scheduler().point(self, operation);
  opened(self, number, pc);
  const int result = ::listen(number, backlog);
  if (result != 0) return result;
  socket.listening = true;
  done(self, operation);
  return 0;
}

int name_of_socket(Thread& self, int number, bool of_peer, sockaddr* address,
                   socklen_t* size, ProgramCounter pc) {
  const Description& socket = opened(self, number, pc);
  if (!is_internet(socket)) {
    return of_peer ? ::getpeername(number, address, size)
                   : ::getsockname(number, address, size);
  }
  if (of_peer && socket.peer.empty()) {
    errno = ENOTCONN;
    return -1;
  }
  std::string known = of_peer ? socket.peer : socket.address;
  if (known.empty()) known = loopback(socket.domain, 0);
  copy_address(known, address, size);
  return 0;
}

// -- Connections ------------------------------------------------------------------------

namespace {

// The client's end is connected; the other end is made by the accept that takes it.
void arrive_at_listener(Thread& self, Description& client, const Names& names) {
  if (is_internet(client)) {
    client.peer = loopback(client.domain, port_of(names.address));
    if (client.address.empty()) {
      client.address = loopback(client.domain, descriptors().fresh_port());
    }
  }
  client.in = &descriptors().make_channel();
  client.out = &descriptors().make_channel();
  client.in->messages = client.out->messages = client.type != SOCK_STREAM;
  Description* const listener = descriptors().listener_at(names.name);
  if (listener == nullptr) {  // of another process
    notice_others();
    return;
  }
  const Address key = descriptors().fresh_key();
  engine().memory().release_to(self.id, key);
  listener->arrivals.push_back({&client, key});
  spread(listener->group, client.group);
}

void take_arrival(Thread& self, Description& listener, Description& server) {
  if (listener.arrivals.empty()) return;  // of another process
  const Arrival arrival = listener.arrivals.front();
  listener.arrivals.erase(listener.arrivals.begin());
  engine().memory().acquire_from(self.id, arrival.key);
  server.group = arrival.client->group;
  server.peer = arrival.client->address;
  server.in = arrival.client->out;
  server.out = arrival.client->in;
}

}  // namespace

int accept_socket(Thread& self, int number, sockaddr* address, socklen_t* size, int flags,
                  ProgramCounter pc) {
  Description& listener = opened(self, number, pc);
  Need need{.number = number,
            .events = POLLIN,
            .waits = !listener.nonblocking && listener.listening};
  if (listener.receive_for != 0 && need.waits) {
    need.deadline = scheduler().now() + listener.receive_for;
  }
  for (;;) {
    Operation operation = operation_on(self, OperationKind::kAccept, listener, pc);
    operation.second_object |= kNumbering;
    if (!arrive(self, operation, need)) return give_up(self, operation, -1, EAGAIN);
    operation = self.pending;
    const bool internet = is_internet(listener);
    const int made = ::accept4(number, internet ? nullptr : address,
                               internet ? nullptr : size, flags | SOCK_NONBLOCK);
    if (made < 0) {
      const int error = errno;
      const bool too_late = error == EAGAIN && need.waits;
      need.after = too_late ? descriptors().changes() : 0;
      if (too_late) continue;
      scheduler().observe(self, pc, operation.object, 0);
      if (Step* const step = looked(self, operation)) step->succeeded = false;
      errno = error;
      return -1;
    }
    Description& server = descriptors().make(DescriptorKind::kSocket);
    server.domain = listener.domain;
    server.type = listener.type;
    server.address = listener.address;
    take_arrival(self, listener, server);
    if (internet) copy_address(server.peer, address, size);
    const int result = deliver(self, made, server, (flags & SOCK_NONBLOCK) != 0, pc);
    done(self, operation);
    return result;
  }
}

int connect_socket(Thread& self, int number, const sockaddr* address, socklen_t size,
                   ProgramCounter pc) {
  Description& client = opened(self, number, pc);
  const Names names = names_of(self, client, address, size, pc);
  Need need{.number = number, .waits = false};
  for (;;) {
    Operation operation = operation_on(self, OperationKind::kConnect, client, pc);
    operation.second_object |= kNumbering;
    if (const Description* const there = descriptors().listener_at(names.name)) {
      operation.second_object |= there->group;
    }
    arrive(self, operation, need);
    operation = self.pending;
    const int result = ::connect(number, as_address(names.name),
                                 static_cast<socklen_t>(names.name.size()));
    const int error = errno;
    if (result != 0 && error == EAGAIN && !client.nonblocking) {
      need.waits = true;  // until the queue of those that no accept has taken is shorter
      need.after = descriptors().changes();
      continue;
    }
    if (result != 0) {
      if (Step* const step = looked(self, operation)) step->succeeded = false;
      errno = error;
      return result;
    }
    arrive_at_listener(self, client, names);
    done(self, operation);
    if (!client.nonblocking || !is_internet(client)) return 0;
    errno = EINPROGRESS;  // as over a network: it is there once it is writable
    return -1;
  }
}

int shut_down(Thread& self, int number, int how, ProgramCounter pc) {
  Description& socket = opened(self, number, pc);
  const Operation operation = operation_on(self, OperationKind::kShutdown, socket, pc);
  scheduler().point(self, operation);
  opened(self, number, pc);
  const Operation now = self.pending;
  const int result = ::shutdown(number, how);
  const int error = errno;
  if (result == 0 && how != SHUT_RD && socket.out != nullptr) {
    if (socket.out->key == 0) socket.out->key = descriptors().fresh_key();
    engine().memory().merge_to(self.id, socket.out->key);
  }
  done(self, now);
  errno = error;
  return result;
}

// -- Options ----------------------------------------------------------------------------

namespace {

std::uint64_t duration_of(const void* value, socklen_t size) {
  timeval time{};
  std::memcpy(&time, value, std::min<std::size_t>(size, sizeof time));
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(time.tv_usec) * 1'000;
}

// What a socket of TCP is asked for and one of AF_UNIX has no need of.
bool is_of_networks(int level, int option) {
  if (level != SOL_SOCKET) return true;
  return option == SO_REUSEADDR || option == SO_REUSEPORT || option == SO_KEEPALIVE ||
         option == SO_LINGER || option == SO_BROADCAST;
}

}  // namespace

int set_option(Thread& self, int number, int level, int option, const void* value,
               socklen_t size, ProgramCounter pc) {
  Description& socket = opened(self, number, pc);
  if (level == SOL_SOCKET && option == SO_RCVTIMEO) {
    socket.receive_for = duration_of(value, size);
  }
  if (level == SOL_SOCKET && option == SO_SNDTIMEO) {
    socket.send_for = duration_of(value, size);
  }
  if (is_internet(socket) && is_of_networks(level, option)) return 0;
  return ::setsockopt(number, level, option, value, size);
}

int get_option(Thread& self, int number, int level, int option, void* value,
               socklen_t* size, ProgramCounter pc) {
  const Description& socket = opened(self, number, pc);
  if (is_internet(socket) && level != SOL_SOCKET) {
    std::memset(value, 0, *size);
    return 0;
  }
  return ::getsockopt(number, level, option, value, size);
}

}  // namespace interleave
