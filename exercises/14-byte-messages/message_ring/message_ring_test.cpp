// Tests of exercise 14.2. Each opens with its property. What is about the order of threads is
// explored, over a ring on the heap; what is about processes runs over shared memory, with
// processes that are killed.
//
// A sender that dies in the middle of a message is played by a `fill` that throws, or by a
// process that kills itself there, or is killed by another at a moment that no one chose.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <memory>
#include <message_ring.hpp>  // in <>, so that the include path decides whose it is
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "child.hpp"
#include "course/records.hpp"
#include "course/step_test.hpp"
#include "interleave/interleave.hpp"
#include "killed_senders.hpp"
#include "shared_memory.hpp"

namespace {

using interleave::check;
using interleave::explore;
using namespace std::chrono_literals;

// --- What the tests need --------------------------------------------------------------

// A ring of `Capacity` bytes on the heap, and behind it bytes that are not the ring's.
template <std::size_t Capacity>
class OnTheHeap {
 public:
  OnTheHeap() : block_(std::make_unique<Block>()) {
    std::memset(block_->bytes + kSize, 0x5a, kGuard);
    ring_ = &MessageRing::create(std::span(block_->bytes, kSize));
  }

  [[nodiscard]] MessageRing& ring() { return *ring_; }
  // Whether nothing was written behind the ring.
  [[nodiscard]] bool unharmed() const {
    return std::all_of(block_->bytes + kSize, block_->bytes + kSize + kGuard,
                       [](std::byte byte) { return byte == std::byte{0x5a}; });
  }

 private:
  static constexpr std::size_t kSize = sizeof(MessageRing) + Capacity;
  static constexpr std::size_t kGuard = 256;
  struct alignas(64) Block {
    std::byte bytes[kSize + kGuard];
  };
  std::unique_ptr<Block> block_;
  MessageRing* ring_;
};

// The bytes of the message number `number`, of which no two look alike.
std::string text(std::size_t number, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<char>('a' + (7 * number + 3 * i) % 26);
  }
  return bytes;
}

Bytes bytes_of(const std::string& message) { return std::as_bytes(std::span(message)); }

std::string text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool try_send(MessageSender& sender, const std::string& message) {
  return sender.try_send(bytes_of(message));
}

// The next message, if there is one.
std::optional<std::string> try_receive(MessageReceiver& receiver) {
  std::optional<std::string> message;
  const bool received =
      receiver.try_receive([&](Bytes bytes) { message = text_of(bytes); });
  check(received == message.has_value(),
        "try_receive is true if, and only if, it has called read");
  return message;
}

// The next message; nothing at the end.
std::optional<std::string> receive(MessageReceiver& receiver) {
  std::optional<std::string> message;
  const bool received = receiver.receive([&](Bytes bytes) { message = text_of(bytes); });
  check(received == message.has_value(),
        "receive is true if, and only if, it has called read");
  return message;
}

// What the sender throws in place of the rest of its life.
struct Died {};

// Begins to send a message, and dies half-way through its bytes.
void die_in_mid_write(MessageSender& sender, std::size_t size) {
  try {
    static_cast<void>(sender.try_send(size, [](std::span<std::byte> bytes) {
      std::memset(bytes.data(), 'x', bytes.size() / 2);
      throw Died();
    }));
    check(false, "an exception of fill must come out of try_send");
  } catch (const Died&) {
  }
}

// --- Step 1: every message crosses once, in order, whole ------------------------------

// A message of each size that is allowed comes back as it was, from every place of the ring.
STEP_TEST(1, MessageRing, EverySizeFromEveryPlace, "padding") {
  explore([] {
    OnTheHeap<128> memory;
    MessageSender sender(memory.ring());
    MessageReceiver receiver(memory.ring());
    std::size_t number = 0;
    for (std::size_t size = 0; size <= memory.ring().longest(); ++size) {
      for (std::size_t place = 0; place < 16; ++place) {
        const std::string message = text(++number, size);
        check(try_send(sender, message),
              "the ring is empty, but has no room for a message "
              "that is not too long");
        check(memory.unharmed(), "a message was written beyond the end of the ring");
        check(try_receive(receiver) == message,
              "the message that comes out is not the one that was sent");
        check(!try_receive(receiver), "the ring gave a message more than was sent");
        // One more step of 8 bytes, so that the next begins somewhere else.
        check(try_send(sender, "") && try_receive(receiver) == "",
              "a message may be empty");
      }
    }
  });
}

// The longest message finds room in an empty ring wherever the last one ended, and one byte
// more is refused, with nothing sent.
STEP_TEST(1, MessageRing, TheLongestAlwaysFits, "padding") {
  explore([] {
    OnTheHeap<64> memory;
    MessageSender sender(memory.ring());
    MessageReceiver receiver(memory.ring());
    const std::string longest = text(1, memory.ring().longest());
    for (int place = 0; place < 16; ++place) {
      check(try_send(sender, "") && try_receive(receiver) == "",
            "a message may be empty");
      bool refused = false;
      try {
        static_cast<void>(try_send(sender, longest + "x"));
      } catch (const std::length_error&) {
        refused = true;
      }
      check(refused,
            "a message of more than longest() bytes could wait for room for ever");
      check(!try_receive(receiver), "what was refused came out");
      check(try_send(sender, longest),
            "the ring is empty, but has no room for the longest message");
      check(try_receive(receiver) == longest,
            "the message that comes out is not the one that was sent");
    }
  });
}

// A ring takes messages as long as their records fit, to the last byte, gives them back in
// order, and has room again as soon as one was taken.
STEP_TEST(1, MessageRing, HoldsExactlyItsCapacity, "full or empty") {
  explore([] {
    OnTheHeap<64> memory;
    MessageSender sender(memory.ring());
    MessageReceiver receiver(memory.ring());
    check(!try_receive(receiver), "an empty ring must give nothing");
    for (std::size_t lap = 0; lap < 5; ++lap) {
      // Four records of 8 + 8 bytes.
      for (std::size_t i = 0; i < 4; ++i) {
        check(try_send(sender, text(lap + i, 8)),
              "there is room, but the ring says that it is full");
      }
      check(!try_send(sender, ""), "a full ring must refuse even an empty message");
      for (std::size_t i = 0; i < 4; ++i) {
        check(try_receive(receiver) == text(lap + i, 8),
              "messages must come in the order in which they were sent");
      }
      check(!try_receive(receiver), "an empty ring must give nothing");
    }
    for (std::size_t i = 0; i < 4; ++i) {
      check(try_send(sender, text(i, 8)), "there is room, but the ring says it is full");
    }
    for (std::size_t i = 4; i < 12; ++i) {
      check(!try_send(sender, "x"), "a full ring must refuse a message");
      check(try_receive(receiver) == text(i - 4, 8),
            "the oldest message must come first");
      check(try_send(sender, text(i, 8)),
            "a message was taken, but the ring says that it is full");
    }
  });
}

// Messages of all sizes, many laps, as many in the ring at a time as find room: what comes
// out is what was sent, each in one piece, at an address that is a multiple of 8.
STEP_TEST(1, MessageRing, ManyLapsOfAllSizes, "padding") {
  explore([] {
    OnTheHeap<256> memory;
    MessageSender sender(memory.ring());
    MessageReceiver receiver(memory.ring());
    std::mt19937 random(7);
    std::deque<std::string> inside;
    for (std::size_t number = 0; number < 2'000; ++number) {
      const std::string message = text(number, random() % (memory.ring().longest() + 1));
      while (!try_send(sender, message)) {
        check(!inside.empty(), "the ring is empty, but has no room");
        check(try_receive(receiver) == inside.front(),
              "the message that comes out is not the one that was sent");
        inside.pop_front();
      }
      inside.push_back(message);
      check(memory.unharmed(), "a message was written beyond the end of the ring");
      if (random() % 3 > 0) continue;
      const bool received = receiver.try_receive([&](Bytes bytes) {
        check(reinterpret_cast<std::uintptr_t>(bytes.data()) % 8 == 0,
              "a message does not begin at a multiple of 8");
        check(text_of(bytes) == inside.front(),
              "the message that comes out is not the one that was sent");
      });
      check(received, "a message was sent, but the ring says that it is empty");
      inside.pop_front();
    }
  });
}

// A sender that finds no room has written nothing: fill is not called.
STEP_TEST(1, MessageRing, ARefusedMessageIsNotWritten, "full or empty") {
  explore([] {
    OnTheHeap<64> memory;
    MessageSender sender(memory.ring());
    MessageReceiver receiver(memory.ring());
    check(try_send(sender, text(1, 24)) && try_send(sender, text(2, 24)),
          "there is room");
    check(!sender.try_send(1,
                           [](std::span<std::byte>) {
                             check(false, "there is no room, but fill was called");
                           }),
          "a full ring must refuse a message");
    check(try_receive(receiver) == text(1, 24) && try_receive(receiver) == text(2, 24),
          "what a full ring refused has changed what was in it");
  });
}

// Two threads: the receiver, whenever it looks, gets the messages in order and whole, with
// all that the sender wrote into them. `before` moves the place where they begin.
void cross(std::size_t before) {
  OnTheHeap<64> memory;
  MessageSender sender(memory.ring());
  MessageReceiver receiver(memory.ring());
  for (std::size_t i = 0; i < before; ++i) {
    check(try_send(sender, "") && try_receive(receiver) == "", "a message may be empty");
  }
  std::size_t sent = 0;  // written by the sender's thread
  std::size_t received = 0;
  {
    std::jthread thread([&] {
      interleave::name_thread("sender");
      for (int tries = 0; tries < 3; ++tries) {
        if (try_send(sender, text(sent, 20))) ++sent;
      }
    });
    interleave::name_thread("receiver");
    for (int look = 0; look < 3; ++look) {
      if (const auto message = try_receive(receiver)) {
        check(*message == text(received, 20),
              "the messages must come in order, each once, and whole");
        ++received;
      }
    }
  }
  for (; received < sent; ++received) {
    check(try_receive(receiver) == text(received, 20),
          "the messages must come in order, each once, and whole");
  }
  check(!try_receive(receiver), "the ring gave more messages than it took");
}

// From the beginning of the ring: two find room, the third takes the first one's bytes.
STEP_TEST(1, MessageRing, CrossesTheRing, "published too early") {
  explore([] { cross(0); });
}

// From near its end: there is a padding before the first message.
STEP_TEST(1, MessageRing, CrossesItsEnd, "published too early") {
  explore([] { cross(6); });
}

// A sender whose fill throws has sent nothing, and can send again.
STEP_TEST(1, MessageRing, AFillThatThrowsSendsNothing, "published too early") {
  explore([] {
    OnTheHeap<64> memory;
    MessageSender sender(memory.ring());
    MessageReceiver receiver(memory.ring());
    for (std::size_t i = 0; i < 12; ++i) {
      die_in_mid_write(sender, 24);
      check(!try_receive(receiver), "a message came out of which only half was written");
      check(try_send(sender, text(i, 16)), "there is room: nothing was sent before");
      check(try_receive(receiver) == text(i, 16),
            "the message that comes out is not the one that was sent");
    }
  });
}

// A message whose read throws has not been taken: it comes again.
STEP_TEST(1, MessageRing, AReadThatThrowsTakesNothing, "taken too early") {
  explore([] {
    OnTheHeap<64> memory;
    MessageSender sender(memory.ring());
    MessageReceiver receiver(memory.ring());
    for (std::size_t i = 0; i < 12; ++i) {
      check(try_send(sender, text(i, 20)), "there is room");
      bool thrown = false;
      try {
        static_cast<void>(receiver.try_receive([](Bytes) { throw Died(); }));
      } catch (const Died&) {
        thrown = true;
      }
      check(thrown, "an exception of read must come out of try_receive");
      check(try_receive(receiver) == text(i, 20),
            "its read threw, so the message must come again");
      check(!try_receive(receiver), "the ring gave a message more than was sent");
    }
  });
}

// Two mappings of the same memory, at two addresses, as two processes have them.
STEP_TEST(1, MessageRing, EachSideHasItsOwnAddresses, "shared mapping") {
  const SharedMemory here(4096);
  const SharedMemory there = here.again();
  ASSERT_NE(here.bytes().data(), there.bytes().data());
  MessageSender sender(MessageRing::create(here.bytes()));
  MessageReceiver receiver(MessageRing::at(there.bytes()));
  for (std::size_t i = 0; i < 500; ++i) {
    ASSERT_TRUE(try_send(sender, text(i, i % 300)));
    ASSERT_EQ(try_receive(receiver), text(i, i % 300));
  }
}

// With room in the ring a message costs a store, a fence and a look at the other's bed.
STEP_TEST(1, MessageRing, CostOfASend) {
  explore([] {
    OnTheHeap<1024> memory;
    MessageSender sender(memory.ring());
    const std::string message = text(1, 8);
    const interleave::Cost cost("send", 64);
    for (int i = 0; i < 64; ++i) check(try_send(sender, message), "there is room");
  });
}

// With messages in the ring, the same.
STEP_TEST(1, MessageRing, CostOfAReceive) {
  explore([] {
    OnTheHeap<1024> memory;
    MessageSender sender(memory.ring());
    MessageReceiver receiver(memory.ring());
    const std::string message = text(1, 8);
    for (int i = 0; i < 64; ++i) check(try_send(sender, message), "there is room");
    const auto look = [](Bytes bytes) { check(bytes.size() == 8, "of eight bytes"); };
    check(receiver.try_receive(look), "a message is there");  // looks, and sees them all
    const interleave::Cost cost("receive", 63);
    for (int i = 0; i < 63; ++i) check(receiver.try_receive(look), "a message is there");
  });
}

// --- Step 2: a side with nothing to do sleeps, and is woken -----------------------------

// Each side waits for the other several times, and neither sleeps on beside what it waits
// for: a message, room, the end.
STEP_TEST(2, MessageRing, NeitherSideOversleeps, "lost wake-up") {
  explore([] {
    OnTheHeap<64> memory;
    std::jthread thread([&] {
      interleave::name_thread("sender");
      MessageSender sender(memory.ring());
      for (std::size_t i = 0; i < 3; ++i) sender.send(bytes_of(text(i, 20)));
    });
    interleave::name_thread("receiver");
    MessageReceiver receiver(memory.ring());
    for (std::size_t i = 0; i < 3; ++i) {
      check(receive(receiver) == text(i, 20),
            "the messages must come in order, each once, and whole");
    }
  });
}

// Room at the end of the ring is no room for a message that is longer: its sender waits for
// room at the beginning too, and gets it.
STEP_TEST(2, MessageRing, WaitsForRoomBehindThePadding, "padding") {
  explore([] {
    OnTheHeap<64> memory;
    MessageSender sender(memory.ring());
    MessageReceiver receiver(memory.ring());
    // 40 bytes used, 24 left: the next of 32 needs a padding, and the first 32 bytes free.
    check(try_send(sender, text(0, 16)) && try_send(sender, text(1, 8)), "there is room");
    std::jthread thread([&] {
      interleave::name_thread("sender");
      sender.send(bytes_of(text(2, 24)));
    });
    for (std::size_t i = 0; i < 3; ++i) {
      check(receive(receiver) == text(i, i == 0   ? 16
                                         : i == 1 ? 8
                                                  : 24),
            "the messages must come in order, each once, and whole");
    }
  });
}

// After close come the messages that were sent before it, and then the end.
STEP_TEST(2, MessageRing, CloseComesLast, "end of stream") {
  explore([] {
    OnTheHeap<64> memory;
    std::jthread thread([&] {
      interleave::name_thread("sender");
      MessageSender sender(memory.ring());
      sender.send(bytes_of(text(0, 20)));
      sender.send(bytes_of(text(1, 20)));
      sender.close();
    });
    interleave::name_thread("receiver");
    MessageReceiver receiver(memory.ring());
    check(receive(receiver) == text(0, 20), "a message sent before close must come");
    check(receive(receiver) == text(1, 20), "a message sent before close must come");
    check(!receive(receiver), "after the last message comes the end");
    check(!receive(receiver), "and again the end");
  });
}

constexpr auto a_while = 5ms;  // virtual: the explorer's clock

// A receiver that waits sleeps, and is woken once.
STEP_TEST(2, MessageRing, AReceiverSleeps, "busy waiting") {
  explore([] {
    OnTheHeap<64> memory;
    std::jthread thread([&] {
      std::this_thread::sleep_for(a_while);
      MessageSender sender(memory.ring());
      check(try_send(sender, "now"), "there is room");
    });
    MessageReceiver receiver(memory.ring());
    const interleave::Cost cost("wait for a message");
    check(receiver.receive([](Bytes bytes) { check(bytes.size() == 3, "whole"); }),
          "the end came, though the ring was not closed");
  });
}

// A sender that waits sleeps, and is woken once.
STEP_TEST(2, MessageRing, ASenderSleeps, "busy waiting") {
  explore([] {
    OnTheHeap<64> memory;
    MessageSender sender(memory.ring());
    const std::string message = text(1, 24);
    check(try_send(sender, message) && try_send(sender, message), "there is room");
    std::jthread thread([&] {
      std::this_thread::sleep_for(a_while);
      MessageReceiver receiver(memory.ring());
      check(try_receive(receiver) == message, "a message is there");
    });
    const interleave::Cost cost("wait for room");
    sender.send(bytes_of(message));
  });
}

constexpr auto patience = 20s;  // after so long a process is taken to sleep for ever

// Two processes wake each other through the memory that they share.
STEP_TEST(2, MessageRing, ProcessesWakeEachOther, "shared mapping") {
  const SharedMemory memory(4096);
  MessageRing& ring = MessageRing::create(memory.bytes());
  Child child([&] {
    MessageReceiver receiver(ring);
    for (std::size_t i = 0; i < 3; ++i) {
      if (receive(receiver) != text(i, 100)) ::_exit(2);
    }
    if (receive(receiver)) ::_exit(3);
  });
  MessageSender sender(ring);
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(child.sleeps(patience)) << "a receiver with nothing to do must sleep";
    sender.send(bytes_of(text(i, 100)));
  }
  ASSERT_TRUE(child.sleeps(patience)) << "a receiver with nothing to do must sleep";
  sender.close();
  const std::optional<int> status = child.ends(patience);
  ASSERT_TRUE(status) << "the receiver sleeps, though there was a message or the end";
  EXPECT_EQ(*status, 0) << (*status == 2 ? "a message was wrong"
                                         : "the end did not come");
}

// The same for a sender that waits for room.
STEP_TEST(2, MessageRing, AProcessIsWokenByRoom, "shared mapping") {
  const SharedMemory memory(sizeof(MessageRing) + 64);
  MessageRing& ring = MessageRing::create(memory.bytes());
  Child child([&] {
    MessageSender sender(ring);
    for (std::size_t i = 0; i < 4; ++i) sender.send(bytes_of(text(i, 24)));
  });
  MessageReceiver receiver(ring);
  for (std::size_t i = 0; i < 2; ++i) {
    ASSERT_TRUE(child.sleeps(patience)) << "a sender without room must sleep";
    ASSERT_EQ(receive(receiver), text(i, 24));
  }
  const std::optional<int> status = child.ends(patience);
  ASSERT_TRUE(status) << "the sender sleeps, though there is room";
  EXPECT_EQ(*status, 0);
  EXPECT_EQ(try_receive(receiver), text(2, 24));
  EXPECT_EQ(try_receive(receiver), text(3, 24));
}

// --- Step 3: a side that dies leaves nothing behind ------------------------------------

// A sender that died in mid-write leaves nothing that is read, whatever was in the ring; the
// next one continues where the last whole message ends.
STEP_TEST(3, MessageRing, ASenderThatDiedLeavesNothing, "dead producer") {
  explore([] {
    OnTheHeap<64> memory;
    MessageReceiver receiver(memory.ring());
    for (std::size_t i = 0; i < 12; ++i) {
      {
        MessageSender mortal(memory.ring());
        mortal.take_over();
        check(try_send(mortal, text(2 * i, 8)), "there is room");
        die_in_mid_write(mortal, 24);
      }
      MessageSender next(memory.ring());
      next.take_over();
      check(try_send(next, text(2 * i + 1, 8)),
            "there is room: half a message takes none");
      check(try_receive(receiver) == text(2 * i, 8),
            "what was sent before the death must come");
      check(try_receive(receiver) == text(2 * i + 1, 8),
            "the next sender's message must come, and nothing of the dead one's");
      check(!try_receive(receiver), "the ring gave a message more than was sent");
    }
  });
}

// The next sender finds a full ring full, and an empty one empty.
STEP_TEST(3, MessageRing, TheNextSenderKnowsWhatIsFree, "dead producer") {
  explore([] {
    OnTheHeap<64> memory;
    MessageReceiver receiver(memory.ring());
    for (std::size_t i = 0; i < 6; ++i) {
      for (std::size_t k = 0; k < 4; ++k) {
        MessageSender sender(memory.ring());
        sender.take_over();
        sender.take_over();
        check(try_send(sender, text(i + k, 8)), "there is room");
      }
      MessageSender sender(memory.ring());
      sender.take_over();
      check(!try_send(sender, "x"),
            "the ring is full, also for one that did not fill it");
      for (std::size_t k = 0; k < 4; ++k) {
        check(try_receive(receiver) == text(i + k, 8), "messages must come in order");
      }
    }
  });
}

// A receiver that died while it read has not taken the message: the next one gets it, and
// those behind it.
STEP_TEST(3, MessageRing, AReceiverThatDiedLosesNothing, "taken too early") {
  explore([] {
    OnTheHeap<64> memory;
    MessageSender sender(memory.ring());
    for (std::size_t i = 0; i < 12; ++i) {
      check(try_send(sender, text(2 * i, 16)) && try_send(sender, text(2 * i + 1, 8)),
            "there is room");
      {
        MessageReceiver mortal(memory.ring());
        mortal.take_over();
        try {
          static_cast<void>(mortal.try_receive([](Bytes) { throw Died(); }));
        } catch (const Died&) {
        }
      }
      MessageReceiver next(memory.ring());
      next.take_over();
      next.take_over();
      check(try_receive(next) == text(2 * i, 16),
            "the message that was being read when the receiver died must come again");
      check(try_receive(next) == text(2 * i + 1, 8), "and the one behind it");
      check(!try_receive(next), "the ring gave a message more than was sent");
    }
  });
}

// A sender that is killed between publishing a message and waking the receiver. No try_send
// can be stopped there, so this is its work by hand: a record of the header's picture.
void publish_and_die(MessageRing& ring, const std::string& message) {
  ring.set_length(0, message.size());
  std::memcpy(ring.place(sizeof(std::uint64_t)), message.data(), message.size());
  ring.tail.store(MessageRing::record_of(message.size()), std::memory_order_release);
}

// Its message is read, at the latest when the next sender takes over.
STEP_TEST(3, MessageRing, ASenderThatDiedBeforeTheWake, "lost wake-up") {
  explore([] {
    OnTheHeap<64> memory;
    std::jthread thread([&] {
      interleave::name_thread("receiver");
      MessageReceiver receiver(memory.ring());
      check(receive(receiver) == text(1, 5), "what was published must be read");
    });
    interleave::name_thread("senders");
    publish_and_die(memory.ring(), text(1, 5));
    MessageSender next(memory.ring());
    next.take_over();
  });
}

// A sender that is killed in the middle of the wake: the bed says that no one sleeps, and
// the system was not told. Its message is read, at the latest when the next takes over.
STEP_TEST(3, MessageRing, ASenderThatDiedInTheWake, "lost wake-up") {
  explore([] {
    OnTheHeap<64> memory;
    std::jthread thread([&] {
      interleave::name_thread("receiver");
      MessageReceiver receiver(memory.ring());
      check(receive(receiver) == text(1, 5), "what was published must be read");
    });
    interleave::name_thread("senders");
    publish_and_die(memory.ring(), text(1, 5));
    std::atomic_thread_fence(std::memory_order_seq_cst);
    memory.ring().receivers_bed.asleep.store(0, std::memory_order_relaxed);
    MessageSender next(memory.ring());
    next.take_over();
  });
}

// A receiver frees a message by hand and is killed, before the wake or in the middle of it;
// the next one takes over. The sender waits for the room.
void free_and_die(bool in_the_wake) {
  OnTheHeap<64> memory;
  MessageSender sender(memory.ring());
  check(try_send(sender, text(1, 24)) && try_send(sender, text(2, 24)), "there is room");
  std::jthread thread([&] {
    interleave::name_thread("sender");
    sender.send(bytes_of(text(3, 24)));
  });
  interleave::name_thread("receivers");
  memory.ring().head.store(MessageRing::record_of(24), std::memory_order_release);
  if (in_the_wake) {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    memory.ring().senders_bed.asleep.store(0, std::memory_order_relaxed);
  }
  MessageReceiver next(memory.ring());
  next.take_over();
}

// The sender has its room at the latest when the next receiver takes over.
STEP_TEST(3, MessageRing, AReceiverThatDiedBeforeTheWake, "lost wake-up") {
  explore([] { free_and_die(false); });
}

// The same if the last receiver died in the middle of the wake.
STEP_TEST(3, MessageRing, AReceiverThatDiedInTheWake, "lost wake-up") {
  explore([] { free_and_die(true); });
}

// A process that kills itself in the middle of a message.
STEP_TEST(3, MessageRing, AProcessKilledInMidWrite, "dead producer") {
  const SharedMemory memory(sizeof(MessageRing) + 1024);
  MessageRing& ring = MessageRing::create(memory.bytes());
  MessageReceiver receiver(ring);
  for (std::size_t i = 0; i < 20; ++i) {
    Child child([&] {
      MessageSender sender(ring);
      sender.take_over();
      sender.send(bytes_of(text(i, 100)));
      sender.send(200, [](std::span<std::byte> bytes) {
        std::memset(bytes.data(), 'x', 100);
        ::raise(SIGKILL);
      });
    });
    ASSERT_EQ(child.ends(patience), 128 + SIGKILL) << "it was to die in mid-write";
    ASSERT_EQ(try_receive(receiver), text(i, 100)) << "what was sent before must come";
    ASSERT_EQ(try_receive(receiver), std::nullopt)
        << "a message came out of which only half was written";
  }
}

// A sender is killed at a hundred moments that no one chose, each time another follows it;
// the receiver, a third process, reads every message that was published, whole and in order,
// and nothing else, up to the end that the last sender sends.
STEP_TEST(3, MessageRing, AHundredSendersAreKilled, "dead producer") {
  const KilledSenders result =
      kill_senders<MessageRing, MessageSender, MessageReceiver>(100, course::seed());
  ASSERT_EQ(result.failure, "")
      << "kills: " << result.kills << "; seed " << course::seed();
  EXPECT_EQ(result.kills, 100U);
  EXPECT_EQ(result.missing, 0U) << "messages were sent, and never read";
  EXPECT_EQ(result.wrong, 0U) << "messages that were read are not whole, or not the next";
  EXPECT_EQ(result.unsent, 0U) << "messages were read that no sender has sent";
  std::printf(
      "%llu senders killed, %llu of them in mid-write; %llu messages sent, %llu read\n",
      static_cast<unsigned long long>(result.kills),
      static_cast<unsigned long long>(result.in_mid_write),
      static_cast<unsigned long long>(result.sent),
      static_cast<unsigned long long>(result.received));
}

}  // namespace
