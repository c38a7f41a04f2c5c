// Lesson 14's experiments: bytes that are copied against pointers that are passed, and what
// each of the two risks.
#include "course/demo.hpp"

#include <sched.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../../solutions/14-byte-messages/message_ring.hpp"
#include "byte_messages.hpp"
#include "child.hpp"
#include "course/stay_on.hpp"
#include "interleave/interleave.hpp"
#include "killed_senders.hpp"
#include "machine/usable_cores.hpp"
#include "shared_memory.hpp"

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Keeps the calling thread on one core; different numbers, different cores, while there are.
void stay_on(std::size_t which) {
  static const std::vector<unsigned> cores = course::machine::allowed_cores();
  course::stay_on(cores[which % cores.size()]);
}

// While it lives the calling thread may be kept on a core; afterwards it is where it was.
class Kept {
 public:
  Kept() { ::sched_getaffinity(0, sizeof before_, &before_); }
  ~Kept() { ::sched_setaffinity(0, sizeof before_, &before_); }
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;

 private:
  cpu_set_t before_{};
};

// Looks again and again; where both sides share a core, lets the other have it now and then.
template <typename Look>
void until(Look look) {
  for (unsigned looks = 1; !look(); ++looks) {
    if (looks % 1024 == 0) std::this_thread::yield();
  }
}

// --- S5: bytes by copy against pointers -------------------------------------------------

// What a sender and a receiver do with all bytes of a message: write each, and add up all
// words of eight bytes, of which every message here has some, and nothing else.
void write_all(std::span<std::byte> bytes, std::size_t number) {
  std::memset(bytes.data(), static_cast<int>(number % 100 + 1), bytes.size());
}
std::uint64_t sum_of(Bytes bytes) {
  std::uint64_t sum = 0;
  for (; bytes.size() >= sizeof sum; bytes = bytes.subspan(sizeof sum)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    sum += word;
  }
  return sum;
}

// A way to bring a message to the other side. Each is used by one sender, which calls `send`
// with the number of the message, and by one receiver, which gets the sum of its words.

// Copied into the system and out of it.
class BySocket {
 public:
  explicit BySocket(std::size_t size) : ends_(ByteChannel::pair()), buffer_(size) {}
  void send(std::size_t number) {
    write_all(buffer_, number);
    ends_.first.send(buffer_);
  }
  std::uint64_t receive() { return sum_of(ends_.second.receive().value()); }

 private:
  std::pair<ByteChannel, ByteChannel> ends_;
  std::vector<std::byte> buffer_;
};

std::size_t ring_for(std::size_t size) {
  return sizeof(MessageRing) +
         std::max<std::size_t>(64 * 1024, 4 * std::bit_ceil(size + 64));
}

// Copied once, into the ring, and read there.
class ByRing {
 public:
  explicit ByRing(std::size_t size) : memory_(ring_for(size)), buffer_(size) {}
  void send(std::size_t number) {
    write_all(buffer_, number);
    until([&] { return sender_.try_send(buffer_); });
  }
  std::uint64_t receive() {
    std::uint64_t sum = 0;
    until(
        [&] { return receiver_.try_receive([&](Bytes bytes) { sum = sum_of(bytes); }); });
    return sum;
  }

 private:
  SharedMemory memory_;
  MessageRing& ring_ = MessageRing::create(memory_.bytes());
  // What a side changes at each message must not lie on a cache line that the other reads.
  alignas(64) MessageSender sender_{ring_};
  std::vector<std::byte> buffer_;
  alignas(64) MessageReceiver receiver_{ring_};
};

// Not copied: the sender writes into a block, and only its place travels; the receiver reads
// the block and sends its place back. A place is what a pointer is between processes, each of
// which has the memory at an address of its own.
class ByPointer {
 public:
  explicit ByPointer(std::size_t size)
      : size_(size),
        blocks_(kBlocks * stride()),
        there_(ring_for(8)),
        back_(ring_for(8)) {
    for (std::uint64_t block = 0; block < kBlocks; ++block) put(back_sender_, block);
  }
  void send(std::size_t number) {
    const std::uint64_t block = take(back_receiver_);
    write_all(place(block), number);
    put(sender_, block);
  }
  std::uint64_t receive() {
    const std::uint64_t block = take(receiver_);
    const std::uint64_t sum = sum_of(place(block));
    put(back_sender_, block);
    return sum;
  }

 private:
  static constexpr std::uint64_t kBlocks = 4;

  [[nodiscard]] std::size_t stride() const { return (size_ + 63) / 64 * 64; }
  [[nodiscard]] std::span<std::byte> place(std::uint64_t block) const {
    return blocks_.bytes().subspan(block * stride(), size_);
  }
  static void put(MessageSender& sender, std::uint64_t block) {
    until([&] { return sender.try_send(std::as_bytes(std::span(&block, 1))); });
  }
  static std::uint64_t take(MessageReceiver& receiver) {
    std::uint64_t block = 0;
    until([&] {
      return receiver.try_receive(
          [&](Bytes bytes) { std::memcpy(&block, bytes.data(), sizeof block); });
    });
    return block;
  }

  std::size_t size_;
  SharedMemory blocks_;
  SharedMemory there_;
  SharedMemory back_;
  MessageRing& ring_ = MessageRing::create(there_.bytes());
  MessageRing& back_ring_ = MessageRing::create(back_.bytes());
  // Side by side is what one thread has.
  alignas(64) MessageSender sender_{ring_};
  MessageReceiver back_receiver_{back_ring_};
  alignas(64) MessageReceiver receiver_{ring_};
  MessageSender back_sender_{back_ring_};
};

enum class Between { kThreads, kProcesses };

// Seconds that a message takes, in a stream of them. The receiver is this thread.
template <typename Way>
double seconds_a_message(std::size_t size, Between between) {
  const std::size_t messages =
      course::quick() ? 10 : std::clamp<std::size_t>((48 << 20) / size, 40, 30'000);
  const Kept kept;
  Way way(size);
  const auto send_all = [&] {
    stay_on(1);
    for (std::size_t number = 0; number <= messages; ++number) way.send(number);
  };
  std::optional<std::jthread> thread;
  std::optional<Child> child;
  if (between == Between::kThreads) {
    thread.emplace(send_all);
  } else {
    child.emplace(send_all);
  }
  stay_on(0);
  std::uint64_t sum = way.receive();  // the first: the sender is there
  const auto start = Clock::now();
  for (std::size_t number = 1; number <= messages; ++number) sum += way.receive();
  const double seconds = seconds_since(start) / static_cast<double>(messages);
  std::uint64_t expected = 0;
  for (std::size_t number = 0; number <= messages; ++number) {
    expected += size / 8 * 0x0101010101010101 * (number % 100 + 1);
  }
  if (sum != expected) throw std::runtime_error("a message was lost, or not whole");
  return seconds;
}

template <typename Way>
std::string microseconds(std::size_t size, Between between) {
  std::array<double, 3> all{};
  for (double& one : all) one = seconds_a_message<Way>(size, between);
  std::sort(all.begin(), all.end());
  return course::number(1e6 * all[1]);
}

std::string size_in_words(std::size_t size) {
  if (size < 1024) return std::to_string(size);
  if (size < 1024 * 1024) return std::to_string(size / 1024) + " KiB";
  return std::to_string(size / 1024 / 1024) + " MiB";
}

MEASURED("S5", "Bytes that are copied, and pointers: microseconds a message", table) {
  table.columns({"between", "bytes", "socket", "ring", "pointer"});
  for (const Between between : {Between::kThreads, Between::kProcesses}) {
    for (const std::size_t size :
         {8UL, 64UL, 1024UL, 16UL << 10, 128UL << 10, 1UL << 20}) {
      table.row({between == Between::kThreads ? "threads" : "processes",
                 size_in_words(size), microseconds<BySocket>(size, between),
                 microseconds<ByRing>(size, between),
                 microseconds<ByPointer>(size, between)});
    }
  }
  table.verbatim(
      "  A stream from one core to another. The sender writes each byte, the receiver\n"
      "  reads each. Socket: copied in and out by the system; ring: copied once, in "
      "memory\n"
      "  that both see; pointer: not copied, its place travels, and travels back. At "
      "the\n"
      "  ring and for pointers both sides look again and again, and do not sleep.");
  if (course::usable_cores() < 2)
    table.verbatim("  One core here: both sides take turns.");
  table.look_at(
      "the last two columns of each half, downwards: up to which size a copy costs "
      "nothing "
      "that matters; and at both halves: the ring does not know which of them it is in");
}

// --- S5b: what the pointer risks ----------------------------------------------------------

// A message of two numbers, which belong together.
struct Quote {
  int bid = 1;
  int ask = 1;
};

std::string text_of(const Quote& quote) {
  return std::to_string(quote.bid) + "/" + std::to_string(quote.ask);
}

struct alignas(64) HeapMemory {
  std::byte bytes[sizeof(MessageRing) + 64];
};

// What a receiver reads of a message that `send` makes and sends, and `look` reads.
template <typename Send, typename Look>
std::string seen(Send send, Look look) {
  const auto memory = std::make_unique<HeapMemory>();
  MessageRing& ring = MessageRing::create(memory->bytes);
  std::string text;
  {
    std::jthread thread([&] {
      interleave::name_thread("sender");
      MessageSender sender(ring);
      send(sender);
    });
    interleave::name_thread("receiver");
    MessageReceiver receiver(ring);
    static_cast<void>(receiver.receive([&](Bytes bytes) { text = look(bytes); }));
  }
  return text;
}

template <typename T>
Bytes bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}
template <typename T>
T value_of(Bytes bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

//> region pointers
std::string by_bytes() {
  const auto quote = std::make_unique<Quote>();
  return seen(
      [&](MessageSender& sender) {
        sender.send(bytes_of(*quote));  // a copy
        *quote = {2, 2};
      },
      [](Bytes bytes) { return text_of(value_of<Quote>(bytes)); });
}

std::string by_pointer_and_changed() {
  const auto quote = std::make_unique<Quote>();
  return seen(
      [&](MessageSender& sender) {
        sender.send(bytes_of(quote.get()));  // its address
        *quote = {2, 2};
      },
      [](Bytes bytes) { return text_of(*value_of<Quote*>(bytes)); });
}
//<

std::string by_pointer_and_freed() {
  return seen(
      [](MessageSender& sender) {
        const auto quote = std::make_unique<Quote>();
        sender.send(bytes_of(quote.get()));
      },
      [](Bytes bytes) { return text_of(*value_of<Quote*>(bytes)); });
}

std::string by_pointer_given_away() {
  return seen(
      [](MessageSender& sender) {
        Quote* const quote = std::make_unique<Quote>().release();
        sender.send(bytes_of(quote));
      },
      [](Bytes bytes) {
        const std::unique_ptr<Quote> quote(value_of<Quote*>(bytes));
        return text_of(*quote);
      });
}

EXPLORED("S5b", "A quote of 1/1 is sent: what the receiver can read", table) {
  interleave::Options options;
  options.schedules = course::quick() ? 300 : 20'000;
  options.seconds = 10;
  table.columns({"sent", "then the sender", "outcomes", "which", "is that everything?"});
  const auto add = [&](const char* sent, const char* then, std::string (*body)()) {
    const auto found = interleave::outcomes(body, options);
    std::string which;
    for (const auto& entry : found.seen) {
      which += (which.empty() ? "" : ", ") + entry.first;
    }
    table.row({sent, then, course::count(static_cast<std::int64_t>(found.seen.size())),
               which, found.exhaustive ? "yes" : "not shown"});
  };
  add("its bytes", "changes it to 2/2", by_bytes);
  add("its address", "changes it to 2/2", by_pointer_and_changed);
  add("its address", "frees it", by_pointer_and_freed);
  add("its address", "never touches it again", by_pointer_given_away);
  table.look_at(
      "the rows of an address that end in a race: what is read there depends on what the "
      "sender does afterwards; bytes leave it nothing to decide");
}

// --- S5c: killed in mid-write --------------------------------------------------------------

// A sender that publishes a message first, and then writes it.
class HastySender {
 public:
  explicit HastySender(MessageRing& ring) : ring_(&ring) {}

  void take_over() {
    tail_ = ring_->tail.load(std::memory_order_relaxed);
    ring_->receivers_bed.wake_anyway();
  }
  template <typename Fill>
  void send(std::size_t size, Fill fill) {
    const std::uint64_t record = MessageRing::record_of(size);
    const std::uint64_t left = ring_->to_the_end(tail_);
    const std::uint64_t padding = record <= left ? 0 : left;
    const std::uint64_t end = tail_ + padding + record;
    const auto room = [&] { return end - ring_->head.load() <= ring_->capacity; };
    while (!room()) ring_->senders_bed.sleep_unless(room);
    if (padding > 0) ring_->set_length(tail_, MessageRing::kPadding);
    ring_->set_length(tail_ + padding, size);
    ring_->tail.store(end);  // too early: the bytes are still the last message's
    fill(std::span(ring_->place(tail_ + padding) + sizeof(std::uint64_t), size));
    tail_ = end;
    ring_->receivers_bed.wake();
  }
  void close() {
    ring_->closed.store(1);
    ring_->receivers_bed.wake();
  }

 private:
  MessageRing* ring_;
  std::uint64_t tail_ = 0;
};

template <typename Sender>
void add_kills(course::Table& table, const char* name) {
  const std::uint32_t kills = course::quick() ? 5 : 100;
  const KilledSenders result =
      kill_senders<MessageRing, Sender, MessageReceiver>(kills, 14);
  if (!result.failure.empty()) throw std::runtime_error(result.failure);
  const auto count = [](std::uint64_t number) {
    return course::count(static_cast<std::int64_t>(number));
  };
  table.row({name, count(result.kills), count(result.in_mid_write), count(result.sent),
             count(result.received), count(result.missing), count(result.wrong)});
}

MEASURED("S5c", "Senders that are killed with signal 9, each followed by another",
         table) {
  table.columns({"a sender", "kills", "in mid-write", "noted as sent", "read whole",
                 "missing", "read and wrong"});
  add_kills<MessageSender>(table, "writes, then publishes");
  add_kills<HastySender>(table, "publishes, then writes");
  table.verbatim(
      "  Three processes at a time; a kill comes up to 0.3 ms after the first message. "
      "A\n"
      "  sender notes a message after it was sent: a kill between the two leaves one "
      "more\n"
      "  read than noted.");
  table.look_at(
      "the last two columns of the first row, and that kills did come in mid-write");
}

}  // namespace
