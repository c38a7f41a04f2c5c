// Messages of any length from one sender to one receiver, copied once, through a ring of
// bytes in memory that both see: of one process, or of two.
//
//            head: freed up to here          tail: published up to here
//              v                               v
//   [ ....... [5|hello...][2|hi......][padding] ]      a record is length, bytes, filling
//   positions count bytes and only grow; the place of one is its rest by the capacity
//
// Threads     One sender and one receiver at a time, in any thread of any process that has
//             the memory. create: before either. take_over: by the one that follows
//             another which has ended, or was killed.
// Progress    try_send and try_receive: no loop, no lock, no allocation; a system call only
//             to wake the other side. send and receive sleep.
//
// Invariants
//   I1  Only the sender writes tail, only the receiver writes head. Both only grow, by whole
//       records: head <= tail <= head + capacity.
//   I2  Bytes [head, tail) are whole records and belong to the receiver; all others belong
//       to the sender, and nothing in them is ever read. So a sender that is killed leaves
//       nothing behind that has to be cleared away.
//   I3  A record is in one piece and begins at a multiple of 8. Where it does not fit before
//       the end of the bytes, a padding takes its place, and it begins at the start. Both
//       are published at once.
//   I4  There is no address in the memory: each process may have it at another one.
//
// Edges       A byte changes owner twice a lap:
//   PUBLISH  try_send stores tail     -->  try_receive loads tail
//   FREE     try_receive stores head  -->  try_send loads head
//   CLOSE    close stores closed      -->  receive loads it, and so sees every message
//   SLEEP    that of SharedBed: a change, then a look at the other side's bed
//
// Left out    A receiver that is gone (the sender then waits for room for ever); memory
//             that a hostile process writes to: both sides believe what is in it.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <stdexcept>
#include <type_traits>

#include "course/todo.hpp"
#include "shared_bed.hpp"

using Bytes = std::span<const std::byte>;

// What lies in the shared memory: this, and behind it the bytes of the ring.
struct MessageRing {
  // Of x86-64 and of most arm64, in bytes.
  static constexpr std::size_t kCacheLine = 64;
  // The length of a record that is none: what is left before the end of the bytes.
  static constexpr std::uint64_t kPadding = ~std::uint64_t{0};

  // Lays out an empty ring in `memory`, which begins at a cache line. The bytes behind this
  // head, rounded down to a power of two, are its capacity, which must be 64 or more.
  static MessageRing& create(std::span<std::byte> memory) {
    if (memory.size() < sizeof(MessageRing) + 64) {
      throw std::length_error("too little memory for a ring of messages");
    }
    return *::new (memory.data()) MessageRing(memory.size() - sizeof(MessageRing));
  }

  // The ring that was laid out in this memory, wherever it is mapped here.
  static MessageRing& at(std::span<std::byte> memory) {
    return *std::launder(reinterpret_cast<MessageRing*>(memory.data()));
  }

  // Bytes of the longest message. A record may take half of the ring: then it fits,
  // whatever the place of the one before, as soon as the ring is empty.
  [[nodiscard]] std::size_t longest() const {
    return capacity / 2 - sizeof(std::uint64_t);
  }

  // Bytes of a record: the length, as many bytes, and what is missing to a multiple of 8.
  [[nodiscard]] static std::uint64_t record_of(std::size_t size) {
    return (sizeof(std::uint64_t) + size + 7) & ~std::uint64_t{7};
  }

  // Bytes from `position` to where the ring begins anew.
  [[nodiscard]] std::uint64_t to_the_end(std::uint64_t position) const {
    return capacity - (position & (capacity - 1));
  }

  // The place of `position` in this process.
  [[nodiscard]] std::byte* place(std::uint64_t position) {
    return reinterpret_cast<std::byte*>(this + 1) + (position & (capacity - 1));
  }

  // The length of the record at `position`, or kPadding.
  void set_length(std::uint64_t position, std::uint64_t length) {
    std::memcpy(place(position), &length, sizeof length);
  }
  [[nodiscard]] std::uint64_t length_at(std::uint64_t position) {
    std::uint64_t length = 0;
    std::memcpy(&length, place(position), sizeof length);
    return length;
  }

  // Written by neither side.
  const std::uint64_t capacity;

  // Written by the sender.
  alignas(kCacheLine) std::atomic<std::uint64_t> tail = 0;
  std::atomic<std::uint32_t> closed = 0;

  // Written by the receiver.
  alignas(kCacheLine) std::atomic<std::uint64_t> head = 0;

  // Written only when a side sleeps: a line that both may read at each message.
  alignas(kCacheLine) SharedBed senders_bed;
  SharedBed receivers_bed;

 private:
  explicit MessageRing(std::size_t bytes) : capacity(std::bit_floor(bytes)) {}
};

static_assert(std::atomic<std::uint64_t>::is_always_lock_free,
              "a lock inside would be another one in each process");
static_assert(std::is_trivially_destructible_v<MessageRing>,
              "it ends with its memory, which no process owns alone");

class MessageSender {
 private:
  // Fills a record with bytes that are there already.
  struct CopyOf {
    Bytes message;
    void operator()(std::span<std::byte> bytes) const {
      if (!message.empty()) std::memcpy(bytes.data(), message.data(), message.size());
    }
  };

 public:
  // The first sender of a ring; a later one takes over.
  explicit MessageSender(MessageRing& ring) : ring_(&ring) {}

  // Sends a message of `size` bytes, which `fill(std::span<std::byte>)` writes in place.
  // Returns false, without a call of it, if there is no room now. If it throws, nothing was
  // sent. Throws std::length_error for more than longest() bytes.
  template <typename Fill>
  [[nodiscard]] bool try_send(std::size_t size, Fill fill) {
    // TODO 1: find room, write length and bytes, then publish
    course::todo(1, size, fill, tail_);
  }

  // The same, of bytes that are there already.
  [[nodiscard]] bool try_send(Bytes message) {
    return try_send(message.size(), CopyOf{message});
  }

  // The same as try_send, but sleeps while there is no room.
  template <typename Fill>
  void send(std::size_t size, Fill fill) {
    // TODO 2: sleep until there is room; and let each side wake the other
    course::todo(2, size, fill);
  }
  void send(Bytes message) { send(message.size(), CopyOf{message}); }

  // Says that no message will follow, of this or any later sender.
  void close() {
    // TODO 2: let receive know, also one that sleeps
    course::todo(2, ring_);
  }

  // A later sender calls this first, and continues where the last one stopped, which has
  // ended or was killed, at whatever moment. Calling it again changes nothing.
  void take_over() {
    // TODO 3: where the last one stopped, and what it may have left undone
    course::todo(3, ring_, tail_);
  }

 private:
  MessageRing* ring_;
  std::uint64_t tail_ = 0;  // what ring_->tail is, since only we write it
};

class MessageReceiver {
 public:
  // The first receiver of a ring; a later one takes over.
  explicit MessageReceiver(MessageRing& ring) : ring_(&ring) {}

  // Takes the oldest message: calls `read(Bytes)` with it, in place, and then frees it.
  // Returns false, without a call of it, if there is none. If it throws, the message stays
  // and comes again.
  template <typename Read>
  [[nodiscard]] bool try_receive(Read read) {
    // TODO 1: if there is a message, read it where it lies, then free it
    course::todo(1, read, head_);
  }

  // The same, but sleeps while there is no message. Returns false once the sender has closed
  // and every message was taken.
  template <typename Read>
  [[nodiscard]] bool receive(Read read) {
    // TODO 2: sleep until there is a message, or the end
    course::todo(2, read);
  }

  // A later receiver calls this first, and continues with the first message that the last
  // one has not finished. Calling it again changes nothing.
  void take_over() {
    // TODO 3: the mirror image
    course::todo(3, ring_, head_);
  }

 private:
  MessageRing* ring_;
  std::uint64_t head_ = 0;  // what ring_->head is, since only we write it
};
