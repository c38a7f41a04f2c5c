// Reading and writing.
//
// The kernel may give or take fewer bytes of a stream than it was asked for; whether it does is
// for the search to decide. What each writer knew goes with its bytes, to whom reads them.
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "interleave/runtime/descriptor_calls.hpp"

namespace interleave {

namespace {

std::uint64_t bytes_of(const msghdr& message) {
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < message.msg_iovlen; ++i)
    bytes += message.msg_iov[i].iov_len;
  return bytes;
}

// Of the message's memory, `most` bytes after the first `skipped`.
std::vector<iovec> parts_of(const msghdr& message, std::uint64_t skipped,
                            std::uint64_t most) {
  std::vector<iovec> parts;
  for (std::size_t i = 0; i < message.msg_iovlen && most > 0; ++i) {
    const iovec& whole = message.msg_iov[i];
    const std::uint64_t before = std::min<std::uint64_t>(skipped, whole.iov_len);
    skipped -= before;
    const std::uint64_t size = std::min<std::uint64_t>(most, whole.iov_len - before);
    if (size == 0) continue;
    parts.push_back({static_cast<char*>(whole.iov_base) + before, size});
    most -= size;
  }
  return parts;
}

void touch_parts(Thread& self, const std::vector<iovec>& parts, bool write,
                 ProgramCounter pc) {
  for (const iovec& part : parts) touch(self, part.iov_base, part.iov_len, write, pc);
}

bool is_stream(const Description& description) {
  return description.kind == DescriptorKind::kSocket && description.type == SOCK_STREAM;
}

bool waits(const Description& description, const Channel* channel,
           const Transfer& transfer) {
  if (channel == nullptr || description.nonblocking) return false;
  if ((transfer.flags & MSG_DONTWAIT) != 0) return false;
  return channel->messages || bytes_of(*transfer.message) > 0;
}

std::uint64_t deadline_after(std::uint64_t duration) {
  return duration == 0 ? kNever : scheduler().now() + duration;
}

// Of `most` bytes of a stream, the kernel may take or give fewer: which, the search decides.
std::uint64_t share_of(Thread& self, const Operation& operation, std::uint64_t most) {
  return most > 1 && scheduler().happens_spuriously(self, operation) ? most / 2 : most;
}

// One kernel call, which does not wait.
ssize_t exchange(int number, const Description& description, const Transfer& transfer,
                 std::vector<iovec>& parts, bool sends) {
  const bool by_message =
      transfer.only_sockets || description.kind == DescriptorKind::kSocket;
  const int count = static_cast<int>(parts.size());
  if (!by_message) {
    return sends ? ::writev(number, parts.data(), count)
                 : ::readv(number, parts.data(), count);
  }
  msghdr message = *transfer.message;
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  if (description.domain != AF_UNIX) {
    message.msg_name = nullptr;
    message.msg_namelen = 0;
  }
  const int flags = (transfer.flags & ~MSG_WAITALL) | MSG_DONTWAIT;
  if (sends) return ::sendmsg(number, &message, flags | MSG_NOSIGNAL);
  const ssize_t result = ::recvmsg(number, &message, flags);
  transfer.message->msg_namelen = message.msg_namelen;
  transfer.message->msg_controllen = message.msg_controllen;
  transfer.message->msg_flags = message.msg_flags;
  return result;
}

// Acquires what those knew who wrote the next `bytes`, and takes these out.
void take_portions(Thread& self, Channel& channel, std::uint64_t bytes, bool peeks) {
  MemoryModel& memory = engine().memory();
  ++channel.reads;
  channel.reader = self.id;
  if (channel.counts) return memory.acquire_from(self.id, channel.key);
  if (bytes == 0 && (!channel.messages || channel.portions.empty())) {
    if (channel.key != 0) memory.acquire_from(self.id, channel.key);
    return;
  }
  std::size_t whole = 0;
  for (Portion& portion : channel.portions) {
    memory.acquire_from(self.id, portion.key);
    if (channel.messages || portion.bytes > bytes) {
      if (!peeks && !channel.messages) portion.bytes -= bytes;
      whole += channel.messages ? 1 : 0;
      break;
    }
    bytes -= portion.bytes;
    ++whole;
    if (bytes == 0) break;
  }
  if (peeks) return;
  channel.portions.erase(channel.portions.begin(),
                         channel.portions.begin() + static_cast<std::ptrdiff_t>(whole));
}

void add_portion(Thread& self, Channel& channel, std::uint64_t bytes) {
  MemoryModel& memory = engine().memory();
  ++channel.writes;
  channel.writer = self.id;
  if (channel.counts) return memory.merge_to(self.id, channel.key);
  channel.rings = channel.rings && bytes == 1;
  channel.portions.push_back({bytes, descriptors().fresh_key()});
  memory.release_to(self.id, channel.portions.back().key);
}

ssize_t read_once(Thread& self, int number, Description& source, const Transfer& transfer,
                  std::uint64_t skipped) {
  const Operation operation = self.pending;
  std::uint64_t most = bytes_of(*transfer.message) - skipped;
  const bool peeks = (transfer.flags & MSG_PEEK) != 0;
  int there = 0;
  if (is_stream(source) && !peeks && ::ioctl(number, FIONREAD, &there) == 0 &&
      there > 0) {
    most = share_of(self, operation, std::min(most, static_cast<std::uint64_t>(there)));
  }
  auto parts = parts_of(*transfer.message, skipped, most);
  const ssize_t got = exchange(number, source, transfer, parts, false);
  const int error = errno;
  if (got >= 0 && source.in != nullptr) {
    take_portions(self, *source.in, static_cast<std::uint64_t>(got), peeks);
  }
  Step* const step = got > 0 ? taken(self, operation) : looked(self, operation);
  if (step != nullptr) {
    step->succeeded = got >= 0;
    step->amount = got > 0 ? static_cast<std::uint64_t>(got) : 0;
  }
  if (got > 0) {
    touch_parts(self,
                parts_of(*transfer.message, skipped, static_cast<std::uint64_t>(got)),
                true, operation.pc);
  } else {
    scheduler().observe(self, operation.pc, operation.object,
                        source.in == nullptr ? 0 : source.in->last_write);
  }
  errno = error;
  return got;
}

}  // namespace

ssize_t read_bytes(Thread& self, int number, const Transfer& transfer,
                   ProgramCounter pc) {
  Description& source = opened(self, number, pc);
  Need need{.number = number,
            .events = POLLIN,
            .waits = waits(source, source.in, transfer),
            .deadline = deadline_after(source.receive_for)};
  const std::uint64_t asked = bytes_of(*transfer.message);
  std::uint64_t total = 0;
  for (;;) {
    const Operation operation = operation_on(self, OperationKind::kRead, source, pc);
    if (!arrive(self, operation, need)) return give_up(self, operation, -1, EAGAIN);
    const ssize_t got = read_once(self, number, source, transfer, total);
    const bool too_late = got < 0 && errno == EAGAIN && need.waits;
    need.after = too_late ? descriptors().changes() : 0;
    if (too_late) continue;
    if (got > 0) total += static_cast<std::uint64_t>(got);
    const bool all = (transfer.flags & MSG_WAITALL) != 0 && need.waits;
    if (got <= 0 || !all || total == asked) {
      return total > 0 ? static_cast<ssize_t>(total) : got;
    }
  }
}

namespace {

// As the signal would end the process, it ends the schedule.
ssize_t end_by_sigpipe(Thread& self, bool quietly, ProgramCounter pc) {
  struct sigaction now {};
  ::sigaction(SIGPIPE, nullptr, &now);
  if (!quietly && now.sa_handler == SIG_DFL) {
    engine().fail(FailureKind::kCrash, self, pc,
                  self.name +
                      " wrote to a pipe or socket whose other end is closed, and SIGPIPE "
                      "would end the process");
  }
  if (!quietly && now.sa_handler != SIG_IGN) ::raise(SIGPIPE);
  errno = EPIPE;
  return -1;
}

bool nobody_reads(int number, const Description& target) {
  pollfd asked{number, POLLOUT, 0};
  return target.kind == DescriptorKind::kPipe && ::poll(&asked, 1, 0) > 0 &&
         (asked.revents & POLLERR) != 0;
}

ssize_t write_once(Thread& self, int number, Description& target,
                   const Transfer& transfer, std::uint64_t skipped) {
  const Operation operation = self.pending;
  const std::uint64_t asked = bytes_of(*transfer.message) - skipped;
  const bool whole =
      target.kind == DescriptorKind::kPipe ? asked <= PIPE_BUF : !is_stream(target);
  const std::uint64_t most = whole ? asked : share_of(self, operation, asked);
  auto parts = parts_of(*transfer.message, skipped, most);
  ssize_t put = -1;
  errno = EPIPE;
  if (!nobody_reads(number, target)) {
    put = exchange(number, target, transfer, parts, true);
  }
  const int error = errno;
  if (put > 0 && target.out != nullptr) {
    add_portion(self, *target.out, static_cast<std::uint64_t>(put));
  } else if (put == 0 && target.out != nullptr && target.out->messages) {
    add_portion(self, *target.out, 0);
  }
  Step* const step = put >= 0 ? done(self, operation) : looked(self, operation);
  if (put >= 0 && target.out != nullptr) target.out->last_write = tracer().step();
  if (step != nullptr) {
    step->succeeded = put >= 0;
    step->amount = put > 0 ? static_cast<std::uint64_t>(put) : 0;
    step->asked = asked;
  }
  if (put < 0) scheduler().observe(self, operation.pc, operation.object, 0);
  errno = error;
  return put;
}

void expect_supported(Thread& self, const Description& target, const Transfer& transfer,
                      ProgramCounter pc) {
  if (transfer.message->msg_controllen != 0) {
    engine().unsupported(self, pc, "sendmsg with control data");
  }
  if (transfer.message->msg_name != nullptr && target.type != SOCK_STREAM) {
    engine().unsupported(self, pc, "a datagram that is sent to an address");
  }
}

}  // namespace

ssize_t write_bytes(Thread& self, int number, const Transfer& transfer,
                    ProgramCounter pc) {
  Description& target = opened(self, number, pc);
  expect_supported(self, target, transfer, pc);
  Need need{.number = number,
            .events = POLLOUT,
            .waits = waits(target, target.out, transfer),
            .deadline = deadline_after(target.send_for)};
  const std::uint64_t asked = bytes_of(*transfer.message);
  touch_parts(self, parts_of(*transfer.message, 0, asked), false, pc);
  std::uint64_t total = 0;
  for (;;) {
    const Operation operation = operation_on(self, OperationKind::kWrite, target, pc);
    if (!arrive(self, operation, need)) {
      return give_up(self, operation, total > 0 ? static_cast<int>(total) : -1, EAGAIN);
    }
    const ssize_t put = write_once(self, number, target, transfer, total);
    const bool too_late = put < 0 && errno == EAGAIN && need.waits;
    need.after = too_late ? descriptors().changes() : 0;
    if (too_late) continue;
    if (put < 0 && errno == EPIPE) {
      return end_by_sigpipe(self, (transfer.flags & MSG_NOSIGNAL) != 0, pc);
    }
    if (put > 0) total += static_cast<std::uint64_t>(put);
    const bool partly = put > 0 && total < asked && need.waits;
    if (!partly) return total > 0 ? static_cast<ssize_t>(total) : put;
  }
}

}  // namespace interleave
