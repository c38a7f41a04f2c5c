// Messages as bytes between two threads, or two processes: each is copied into the system's
// memory by its sender and out of it by its receiver.
//
//   send --[ 00 00 00 05 h e l l o ][ 00 00 00 02 … ]--> receive
//            the length, 4 bytes     the next message
//
// Threads     Each end of a channel belongs to one thread at a time, of any process.
// Progress    Blocking: send while the system's buffer is full, receive while a message is
//             not complete.
//
// Invariants
//   I1  The receiver gets whole messages, each once, in the order of the sends, or an end.
//   I2  Nothing that the sender does to its own memory after send changes a message.
//   I3  No more memory is taken for a message than `longest` bytes, whatever is announced.
//
// Edges       The system's: what was done before a send happens before the receive of it.
//
// Left out    What is in the bytes (exercise 14.1); memory that both sides see (14.2).
#pragma once

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include "../06-event-driven/descriptor.hpp"

using Bytes = std::span<const std::byte>;

class ByteChannel {
 public:
  // Bytes of the longest message.
  static constexpr std::size_t longest = 16 << 20;

  // Two ends of a new channel; each sends to the other. Throws std::system_error if the
  // process has no descriptor left.
  static std::pair<ByteChannel, ByteChannel> pair() {
    int ends[2];
    or_throw(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
    return {ByteChannel(Descriptor(ends[0])), ByteChannel(Descriptor(ends[1]))};
  }

  //> region send
  // Sends a copy of `message`, of at most `longest` bytes. Throws std::system_error if the
  // other end is gone.
  void send(Bytes message) {
    if (message.size() > longest) throw std::length_error("a message of too many bytes");
    const std::size_t size = message.size();
    // The most significant byte first, whatever this machine's own order is.
    const std::array<std::byte, 4> length{
        static_cast<std::byte>(size >> 24), static_cast<std::byte>(size >> 16),
        static_cast<std::byte>(size >> 8), static_cast<std::byte>(size)};
    write_all(length, MSG_MORE);
    write_all(message, 0);
  }

  // The next message; nothing once the other end is closed. Throws std::runtime_error for a
  // length that no sender of ours would send, and for an end in the middle of a message.
  [[nodiscard]] std::optional<std::vector<std::byte>> receive() {
    std::array<std::byte, 4> length{};
    if (!read_all(length, true)) return std::nullopt;
    std::size_t size = 0;
    for (const std::byte byte : length) size = size << 8 | std::to_integer<size_t>(byte);
    // Before any memory is taken for it: the length is the other side's word.
    if (size > longest) throw std::runtime_error("a length beyond the longest message");
    std::vector<std::byte> message(size);
    read_all(message, false);
    return message;
  }
  //<

 private:
  explicit ByteChannel(Descriptor socket) : socket_(std::move(socket)) {}

  // A stream carries bytes, not messages: one call may take, or bring, some of them.
  void write_all(Bytes bytes, int flags) {
    while (!bytes.empty()) {
      const ssize_t count =
          ::send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL | flags);
      if (count < 0 && errno == EINTR) continue;
      or_throw(static_cast<int>(count < 0 ? -1 : 0), "sending a message");
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
  }

  // False at an end before the first byte, where `may_end` allows one.
  bool read_all(std::span<std::byte> bytes, bool may_end) {
    for (std::size_t have = 0; have < bytes.size();) {
      const ssize_t count =
          ::recv(socket_.number(), bytes.data() + have, bytes.size() - have, 0);
      if (count < 0 && errno == EINTR) continue;
      or_throw(static_cast<int>(count < 0 ? -1 : 0), "receiving a message");
      if (count == 0 && have == 0 && may_end) return false;
      if (count == 0) throw std::runtime_error("the channel ended inside a message");
      have += static_cast<std::size_t>(count);
    }
    return true;
  }

  Descriptor socket_;
};
