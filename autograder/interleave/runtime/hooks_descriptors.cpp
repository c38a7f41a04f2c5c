// The calls on descriptors. Those that open one go to the scheduler in a body; the others if
// the body opened the descriptor. All else goes to the C library: a file, what was open before
// the body, any call outside it.
//
// The names with _chk are what the compiler calls where it is told to check sizes
// (_FORTIFY_SOURCE).
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>

#include "interleave/runtime/descriptor_calls.hpp"
#include "interleave/runtime/others.hpp"
#include "interleave/runtime/real.hpp"

#define INTERLEAVE_HOOK extern "C" __attribute__((visibility("default")))
#define CALLER reinterpret_cast<interleave::ProgramCounter>(__builtin_return_address(0))

using namespace interleave;

// Where the condition holds in a body: the statement, with `self` and `pc`; else falls through.
#define INTERLEAVE_IN_BODY_IF(condition, ...)                               \
  if (Thread* const self = body_thread(); self != nullptr && (condition)) { \
    const RuntimeScope scope(*self);                                        \
    [[maybe_unused]] const auto pc = CALLER;                                \
    __VA_ARGS__;                                                            \
  }
// Of a call that opens one, and of a call on `number`.
#define INTERLEAVE_OPENS(...) INTERLEAVE_IN_BODY_IF(true, __VA_ARGS__)
#define INTERLEAVE_ON(number, ...) \
  INTERLEAVE_IN_BODY_IF(is_of_the_body(number), __VA_ARGS__)

namespace {

// In a body: whether it opened the descriptor itself. If not, others may have it too.
bool is_of_the_body(int number) {
  if (descriptors().knows(number)) return true;
  if (number > STDERR_FILENO) notice_others();
  return false;
}

// A message of one part, as read and send have it.
class OnePart {
 public:
  OnePart(const void* bytes, std::size_t size) : part_{const_cast<void*>(bytes), size} {
    message_.msg_iov = &part_;
    message_.msg_iovlen = 1;
  }
  [[nodiscard]] Transfer plain() { return {&message_, 0, false}; }
  [[nodiscard]] Transfer with(int flags) { return {&message_, flags, true}; }
  msghdr& message() { return message_; }

 private:
  iovec part_;
  msghdr message_{};
};

Transfer parts(msghdr& message, const iovec* all, int count) {
  message.msg_iov = const_cast<iovec*>(all);
  message.msg_iovlen = static_cast<std::size_t>(std::max(count, 0));
  return {&message, 0, false};
}

// In virtual time: a negative number of milliseconds waits for ever.
std::uint64_t deadline_of(int milliseconds) {
  constexpr std::uint64_t millisecond = 1'000'000;
  if (milliseconds < 0) return kNever;
  if (milliseconds == 0) return 0;
  return scheduler().now() + static_cast<std::uint64_t>(milliseconds) * millisecond;
}
std::uint64_t deadline_of(const timespec* time) {
  if (time == nullptr) return kNever;
  const std::uint64_t duration = nanoseconds(*time);
  return duration == 0 ? 0 : scheduler().now() + duration;
}
std::uint64_t deadline_of(const timeval* time) {
  if (time == nullptr) return kNever;
  const timespec exact{time->tv_sec, time->tv_usec * 1000};
  return deadline_of(&exact);
}

bool is_known_socket(int domain, int type) {
  if (domain == AF_UNIX) return true;
  const int plain_type = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
  const bool usual = plain_type == SOCK_STREAM || plain_type == SOCK_DGRAM;
  return usual && (domain == AF_INET || domain == AF_INET6);
}

ssize_t receive_from(Thread& self, int number, OnePart one, int flags, sockaddr* address,
                     socklen_t* size, ProgramCounter pc) {
  if (address != nullptr && size != nullptr) {
    one.message().msg_name = address;
    one.message().msg_namelen = *size;
  }
  const ssize_t got = read_bytes(self, number, one.with(flags), pc);
  if (got >= 0 && address != nullptr && size != nullptr) {
    *size = one.message().msg_namelen;
  }
  return got;
}

long control(Thread& self, int number, int command, long argument, ProgramCounter pc) {
  switch (command) {
    case F_GETFL:
      return flags_of(self, number, pc);
    case F_SETFL:
      return set_flags(self, number, static_cast<int>(argument), pc);
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      return duplicate(self, number, -1, command == F_DUPFD_CLOEXEC, pc);
    default:
      opened(self, number, pc);
      return INTERLEAVE_REAL(fcntl)(number, command, argument);
  }
}

}  // namespace

// -- Opening and closing ----------------------------------------------------------------

INTERLEAVE_HOOK int pipe(int ends[2]) noexcept {
  INTERLEAVE_OPENS(return open_pipe(*self, ends, 0, pc))
  return INTERLEAVE_REAL(pipe)(ends);
}
INTERLEAVE_HOOK int pipe2(int ends[2], int flags) noexcept {
  INTERLEAVE_OPENS(return open_pipe(*self, ends, flags, pc))
  return INTERLEAVE_REAL(pipe2)(ends, flags);
}
INTERLEAVE_HOOK int eventfd(unsigned count, int flags) noexcept {
  INTERLEAVE_OPENS(return open_event(*self, count, flags, pc))
  return INTERLEAVE_REAL(eventfd)(count, flags);
}
INTERLEAVE_HOOK int timerfd_create(clockid_t clock, int flags) noexcept {
  INTERLEAVE_OPENS(return open_timer(*self, clock, flags, pc))
  return INTERLEAVE_REAL(timerfd_create)(clock, flags);
}
INTERLEAVE_HOOK int epoll_create(int size) noexcept {
  INTERLEAVE_OPENS(if (size > 0) return open_epoll(*self, 0, pc))
  return INTERLEAVE_REAL(epoll_create)(size);
}
INTERLEAVE_HOOK int epoll_create1(int flags) noexcept {
  INTERLEAVE_OPENS(return open_epoll(*self, flags, pc))
  return INTERLEAVE_REAL(epoll_create1)(flags);
}
INTERLEAVE_HOOK int socket(int domain, int type, int protocol) noexcept {
  INTERLEAVE_IN_BODY_IF(is_known_socket(domain, type),
                        return open_socket(*self, domain, type, protocol, pc))
  return INTERLEAVE_REAL(socket)(domain, type, protocol);
}
INTERLEAVE_HOOK int socketpair(int domain, int type, int protocol, int ends[2]) noexcept {
  INTERLEAVE_OPENS(return open_socket_pair(*self, domain, type, protocol, ends, pc))
  return INTERLEAVE_REAL(socketpair)(domain, type, protocol, ends);
}
INTERLEAVE_HOOK int dup(int number) noexcept {
  INTERLEAVE_ON(number, return duplicate(*self, number, -1, false, pc))
  return INTERLEAVE_REAL(dup)(number);
}
INTERLEAVE_HOOK int dup2(int number, int wanted) noexcept {
  INTERLEAVE_ON(number, return duplicate(*self, number, wanted, false, pc))
  return INTERLEAVE_REAL(dup2)(number, wanted);
}
INTERLEAVE_HOOK int dup3(int number, int wanted, int flags) noexcept {
  if (number == wanted) {
    errno = EINVAL;
    return -1;
  }
  INTERLEAVE_ON(number,
                return duplicate(*self, number, wanted, (flags & O_CLOEXEC) != 0, pc))
  return INTERLEAVE_REAL(dup3)(number, wanted, flags);
}
INTERLEAVE_HOOK int close(int number) {
  INTERLEAVE_ON(number, return close_number(*self, number, pc))
  return INTERLEAVE_REAL(close)(number);
}

// -- Bytes ------------------------------------------------------------------------------

INTERLEAVE_HOOK ssize_t read(int number, void* bytes, std::size_t size) {
  INTERLEAVE_ON(number,
                return read_bytes(*self, number, OnePart(bytes, size).plain(), pc))
  return INTERLEAVE_REAL(read)(number, bytes, size);
}
INTERLEAVE_HOOK ssize_t write(int number, const void* bytes, std::size_t size) {
  // Records of a test framework, which the explorer's own schedules write.
  if (others().kept_out && !descriptors().knows(number))
    return static_cast<ssize_t>(size);
  INTERLEAVE_ON(number,
                return write_bytes(*self, number, OnePart(bytes, size).plain(), pc))
  return INTERLEAVE_REAL(write)(number, bytes, size);
}
INTERLEAVE_HOOK ssize_t readv(int number, const iovec* all, int count) {
  INTERLEAVE_ON(number, msghdr message{};
                return read_bytes(*self, number, parts(message, all, count), pc))
  return INTERLEAVE_REAL(readv)(number, all, count);
}
INTERLEAVE_HOOK ssize_t writev(int number, const iovec* all, int count) {
  INTERLEAVE_ON(number, msghdr message{};
                return write_bytes(*self, number, parts(message, all, count), pc))
  return INTERLEAVE_REAL(writev)(number, all, count);
}
INTERLEAVE_HOOK ssize_t recv(int number, void* bytes, std::size_t size, int flags) {
  INTERLEAVE_ON(number,
                return read_bytes(*self, number, OnePart(bytes, size).with(flags), pc))
  return INTERLEAVE_REAL(recv)(number, bytes, size, flags);
}
INTERLEAVE_HOOK ssize_t send(int number, const void* bytes, std::size_t size, int flags) {
  INTERLEAVE_ON(number,
                return write_bytes(*self, number, OnePart(bytes, size).with(flags), pc))
  return INTERLEAVE_REAL(send)(number, bytes, size, flags);
}
INTERLEAVE_HOOK ssize_t recvfrom(int number, void* bytes, std::size_t size, int flags,
                                 sockaddr* address, socklen_t* address_size) {
  INTERLEAVE_ON(number, return receive_from(*self, number, {bytes, size}, flags, address,
                                            address_size, pc))
  return INTERLEAVE_REAL(recvfrom)(number, bytes, size, flags, address, address_size);
}
INTERLEAVE_HOOK ssize_t sendto(int number, const void* bytes, std::size_t size, int flags,
                               const sockaddr* address, socklen_t address_size) {
  INTERLEAVE_ON(number, {
    OnePart one(bytes, size);
    one.message().msg_name = const_cast<sockaddr*>(address);
    one.message().msg_namelen = address_size;
    return write_bytes(*self, number, one.with(flags), pc);
  })
  return INTERLEAVE_REAL(sendto)(number, bytes, size, flags, address, address_size);
}
INTERLEAVE_HOOK ssize_t recvmsg(int number, msghdr* message, int flags) {
  INTERLEAVE_ON(number, return read_bytes(*self, number, {message, flags, true}, pc))
  return INTERLEAVE_REAL(recvmsg)(number, message, flags);
}
INTERLEAVE_HOOK ssize_t sendmsg(int number, const msghdr* message, int flags) {
  INTERLEAVE_ON(number, {
    msghdr copy = *message;
    return write_bytes(*self, number, {&copy, flags, true}, pc);
  })
  return INTERLEAVE_REAL(sendmsg)(number, message, flags);
}
INTERLEAVE_HOOK int eventfd_read(int number, eventfd_t* value) {
  INTERLEAVE_ON(number, const ssize_t got = read_bytes(
                            *self, number, OnePart(value, sizeof *value).plain(), pc);
                return got == sizeof *value ? 0 : -1)
  return INTERLEAVE_REAL(eventfd_read)(number, value);
}
INTERLEAVE_HOOK int eventfd_write(int number, eventfd_t value) {
  INTERLEAVE_ON(number, const ssize_t put = write_bytes(
                            *self, number, OnePart(&value, sizeof value).plain(), pc);
                return put == sizeof value ? 0 : -1)
  return INTERLEAVE_REAL(eventfd_write)(number, value);
}

// A stream of the C library reads and writes behind these hooks.
INTERLEAVE_HOOK FILE* fdopen(int number, const char* mode) noexcept {
  INTERLEAVE_ON(number, engine().unsupported(*self, pc, "fdopen on a pipe or socket"))
  return INTERLEAVE_REAL(fdopen)(number, mode);
}
INTERLEAVE_HOOK int dprintf(int number, const char* format, ...) {
  INTERLEAVE_ON(number, engine().unsupported(*self, pc, "dprintf to a pipe or socket"))
  va_list list;
  va_start(list, format);
  const int result = vdprintf(number, format, list);
  va_end(list);
  return result;
}

// -- Sockets ----------------------------------------------------------------------------

INTERLEAVE_HOOK int bind(int number, const sockaddr* address, socklen_t size) noexcept {
  INTERLEAVE_ON(number, return bind_socket(*self, number, address, size, pc))
  return INTERLEAVE_REAL(bind)(number, address, size);
}
INTERLEAVE_HOOK int listen(int number, int backlog) noexcept {
  INTERLEAVE_ON(number, return listen_socket(*self, number, backlog, pc))
  return INTERLEAVE_REAL(listen)(number, backlog);
}
INTERLEAVE_HOOK int accept(int number, sockaddr* address, socklen_t* size) {
  INTERLEAVE_ON(number, return accept_socket(*self, number, address, size, 0, pc))
  return INTERLEAVE_REAL(accept)(number, address, size);
}
INTERLEAVE_HOOK int accept4(int number, sockaddr* address, socklen_t* size, int flags) {
  INTERLEAVE_ON(number, return accept_socket(*self, number, address, size, flags, pc))
  return INTERLEAVE_REAL(accept4)(number, address, size, flags);
}
INTERLEAVE_HOOK int connect(int number, const sockaddr* address, socklen_t size) {
  INTERLEAVE_ON(number, return connect_socket(*self, number, address, size, pc))
  return INTERLEAVE_REAL(connect)(number, address, size);
}
INTERLEAVE_HOOK int shutdown(int number, int how) noexcept {
  INTERLEAVE_ON(number, return shut_down(*self, number, how, pc))
  return INTERLEAVE_REAL(shutdown)(number, how);
}
INTERLEAVE_HOOK int getsockname(int number, sockaddr* address, socklen_t* size) noexcept {
  INTERLEAVE_ON(number, return name_of_socket(*self, number, false, address, size, pc))
  return INTERLEAVE_REAL(getsockname)(number, address, size);
}
INTERLEAVE_HOOK int getpeername(int number, sockaddr* address, socklen_t* size) noexcept {
  INTERLEAVE_ON(number, return name_of_socket(*self, number, true, address, size, pc))
  return INTERLEAVE_REAL(getpeername)(number, address, size);
}
INTERLEAVE_HOOK int setsockopt(int number, int level, int option, const void* value,
                               socklen_t size) noexcept {
  INTERLEAVE_ON(number, return set_option(*self, number, level, option, value, size, pc))
  return INTERLEAVE_REAL(setsockopt)(number, level, option, value, size);
}
INTERLEAVE_HOOK int getsockopt(int number, int level, int option, void* value,
                               socklen_t* size) noexcept {
  INTERLEAVE_ON(number, return get_option(*self, number, level, option, value, size, pc))
  return INTERLEAVE_REAL(getsockopt)(number, level, option, value, size);
}

// -- Waiting for several. Signal masks do not matter: no signal comes in a body ----------

INTERLEAVE_HOOK int poll(pollfd* all, nfds_t count, int milliseconds) {
  INTERLEAVE_OPENS(return poll_all(*self, all, count, deadline_of(milliseconds), pc))
  return INTERLEAVE_REAL(poll)(all, count, milliseconds);
}
INTERLEAVE_HOOK int ppoll(pollfd* all, nfds_t count, const timespec* time,
                          const sigset_t* mask) {
  INTERLEAVE_OPENS(return poll_all(*self, all, count, deadline_of(time), pc))
  return INTERLEAVE_REAL(ppoll)(all, count, time, mask);
}
INTERLEAVE_HOOK int select(int count, fd_set* readable, fd_set* writable,
                           fd_set* exceptional, timeval* time) {
  INTERLEAVE_OPENS(return select_all(*self, {count, readable, writable, exceptional},
                                     deadline_of(time), pc))
  return INTERLEAVE_REAL(select)(count, readable, writable, exceptional, time);
}
INTERLEAVE_HOOK int pselect(int count, fd_set* readable, fd_set* writable,
                            fd_set* exceptional, const timespec* time,
                            const sigset_t* mask) {
  INTERLEAVE_OPENS(return select_all(*self, {count, readable, writable, exceptional},
                                     deadline_of(time), pc))
  return INTERLEAVE_REAL(pselect)(count, readable, writable, exceptional, time, mask);
}
INTERLEAVE_HOOK int epoll_ctl(int number, int command, int other,
                              epoll_event* event) noexcept {
  INTERLEAVE_ON(number, return control_epoll(*self, number, command, other, event, pc))
  return INTERLEAVE_REAL(epoll_ctl)(number, command, other, event);
}
INTERLEAVE_HOOK int epoll_wait(int number, epoll_event* events, int most,
                               int milliseconds) {
  INTERLEAVE_ON(number, return wait_on_epoll(*self, number, events, most,
                                             deadline_of(milliseconds), pc))
  return INTERLEAVE_REAL(epoll_wait)(number, events, most, milliseconds);
}
INTERLEAVE_HOOK int epoll_pwait(int number, epoll_event* events, int most,
                                int milliseconds, const sigset_t* mask) {
  INTERLEAVE_ON(number, return wait_on_epoll(*self, number, events, most,
                                             deadline_of(milliseconds), pc))
  return INTERLEAVE_REAL(epoll_pwait)(number, events, most, milliseconds, mask);
}
INTERLEAVE_HOOK int epoll_pwait2(int number, epoll_event* events, int most,
                                 const timespec* time, const sigset_t* mask) {
  INTERLEAVE_ON(number,
                return wait_on_epoll(*self, number, events, most, deadline_of(time), pc))
  return INTERLEAVE_REAL(epoll_pwait2)(number, events, most, time, mask);
}
INTERLEAVE_HOOK int timerfd_settime(int number, int flags, const itimerspec* wanted,
                                    itimerspec* before) noexcept {
  INTERLEAVE_ON(number, return set_timer(*self, number, flags, *wanted, before, pc))
  return INTERLEAVE_REAL(timerfd_settime)(number, flags, wanted, before);
}
INTERLEAVE_HOOK int timerfd_gettime(int number, itimerspec* left) noexcept {
  INTERLEAVE_ON(number, return get_timer(*self, number, *left, pc))
  return INTERLEAVE_REAL(timerfd_gettime)(number, left);
}

// -- Flags ------------------------------------------------------------------------------

INTERLEAVE_HOOK int fcntl(int number, int command, ...) {
  va_list list;
  va_start(list, command);
  const long argument = va_arg(list, long);
  va_end(list);
  INTERLEAVE_ON(number,
                return static_cast<int>(control(*self, number, command, argument, pc)))
  return INTERLEAVE_REAL(fcntl)(number, command, argument);
}
// What fcntl is called in a program with 64-bit file offsets.
INTERLEAVE_HOOK int fcntl64(int number, int command, ...) __attribute__((alias("fcntl")));
INTERLEAVE_HOOK int ioctl(int number, unsigned long request, ...) noexcept {
  va_list list;
  va_start(list, request);
  void* const argument = va_arg(list, void*);
  va_end(list);
  INTERLEAVE_ON(
      number, if (request == FIONBIO) {
        set_nonblocking(*self, number, *static_cast<const int*>(argument) != 0, pc);
        return 0;
      } opened(*self, number, pc))
  return INTERLEAVE_REAL(ioctl)(number, request, argument);
}

// -- With sizes checked -----------------------------------------------------------------

INTERLEAVE_HOOK ssize_t __read_chk(int number, void* bytes, std::size_t size,
                                   std::size_t) {
  INTERLEAVE_ON(number,
                return read_bytes(*self, number, OnePart(bytes, size).plain(), pc))
  return INTERLEAVE_REAL(read)(number, bytes, size);
}
INTERLEAVE_HOOK ssize_t __recv_chk(int number, void* bytes, std::size_t size, std::size_t,
                                   int flags) {
  INTERLEAVE_ON(number,
                return read_bytes(*self, number, OnePart(bytes, size).with(flags), pc))
  return INTERLEAVE_REAL(recv)(number, bytes, size, flags);
}
INTERLEAVE_HOOK ssize_t __recvfrom_chk(int number, void* bytes, std::size_t size,
                                       std::size_t, int flags, sockaddr* address,
                                       socklen_t* address_size) {
  INTERLEAVE_ON(number, return receive_from(*self, number, {bytes, size}, flags, address,
                                            address_size, pc))
  return INTERLEAVE_REAL(recvfrom)(number, bytes, size, flags, address, address_size);
}
INTERLEAVE_HOOK int __poll_chk(pollfd* all, nfds_t count, int milliseconds, std::size_t) {
  INTERLEAVE_OPENS(return poll_all(*self, all, count, deadline_of(milliseconds), pc))
  return INTERLEAVE_REAL(poll)(all, count, milliseconds);
}
INTERLEAVE_HOOK int __ppoll_chk(pollfd* all, nfds_t count, const timespec* time,
                                const sigset_t* mask, std::size_t) {
  INTERLEAVE_OPENS(return poll_all(*self, all, count, deadline_of(time), pc))
  return INTERLEAVE_REAL(ppoll)(all, count, time, mask);
}
