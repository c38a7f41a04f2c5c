// A hundred senders, one after the other, each killed at a moment that no one chose, and one
// receiver: three processes at a time, over one ring in shared memory.
//
//   this process --kill--> sender 0, 1, 2, …, and a last one that closes
//                             |  send
//                             v
//                          [ ring ] --receive--> receiver, checks each byte
//
// Threads     One; no other thread may run meanwhile.
// Errors      std::system_error where no process or memory can be had.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "child.hpp"
#include "shared_memory.hpp"

struct KilledSenders {
  std::string failure;             // what did not come to an end; empty if all did
  std::uint64_t kills = 0;         // with signal 9
  std::uint64_t in_mid_write = 0;  // of them, those that came while a message was written
  std::uint64_t sent = 0;          // messages that their sender has noted as sent
  std::uint64_t received = 0;      // whole ones, each the next of its sender
  std::uint64_t missing = 0;       // noted as sent, and not received
  std::uint64_t unsent = 0;        // received beyond those noted, but for one a kill
  std::uint64_t wrong = 0;         // not whole, or not the next
};

namespace killed_senders {

constexpr std::size_t most = 200;
constexpr std::uint32_t last_messages = 50;
constexpr auto patience = std::chrono::seconds(20);

// What the processes note, in shared memory of their own.
struct Notes {
  std::array<std::atomic<std::uint64_t>, most + 1> sent{};      // by generation
  std::array<std::atomic<std::uint64_t>, most + 1> received{};  // by generation
  std::atomic<std::uint64_t> wrong = 0;
  std::atomic<bool> writing = false;  // a sender is between the ends of a message
};

// How a message begins. All that follows, and how much, can be worked out from it.
struct Head {
  std::uint32_t generation;
  std::uint32_t number;
};

inline std::size_t size_of(Head head) {
  return sizeof head + (37 * head.number + 11 * head.generation) % 300;
}

inline std::byte byte_of(Head head, std::size_t i) {
  return static_cast<std::byte>(head.generation + 3 * head.number + 5 * i);
}

inline bool is_whole(Head head, std::span<const std::byte> bytes) {
  if (head.generation > most || bytes.size() != size_of(head)) return false;
  for (std::size_t i = sizeof head; i < bytes.size(); ++i) {
    if (bytes[i] != byte_of(head, i)) return false;
  }
  return true;
}

template <typename Sender>
void send_one(Sender& sender, Head head, Notes& notes) {
  sender.send(size_of(head), [head, &notes](std::span<std::byte> bytes) {
    notes.writing = true;
    std::memcpy(bytes.data(), &head, sizeof head);
    for (std::size_t i = sizeof head; i < bytes.size(); ++i) {
      // Three senders of four rest in the middle: there most kills find them.
      const bool rests = head.generation % 4 != 3 && i == bytes.size() / 2;
      if (rests) std::this_thread::sleep_for(std::chrono::microseconds(100));
      bytes[i] = byte_of(head, i);
    }
    notes.writing = false;
  });
  notes.sent[head.generation] = head.number + 1;
}

template <typename Receiver, typename Ring>
void receive_all(Ring& ring, Notes& notes) {
  Receiver receiver(ring);
  const auto note = [&](std::span<const std::byte> bytes) {
    Head head{~0U, 0};
    if (bytes.size() >= sizeof head) std::memcpy(&head, bytes.data(), sizeof head);
    if (is_whole(head, bytes) && notes.received[head.generation] == head.number) {
      ++notes.received[head.generation];
    } else {
      ++notes.wrong;
    }
  };
  while (receiver.receive(note)) {
  }
}

inline void count(const Notes& notes, std::uint32_t kills, KilledSenders& result) {
  result.wrong = notes.wrong;
  for (std::uint32_t generation = 0; generation <= kills; ++generation) {
    const std::uint64_t sent = notes.sent[generation];
    const std::uint64_t received = notes.received[generation];
    result.sent += sent;
    result.received += received;
    if (received < sent) result.missing += sent - received;
    // Killed between publishing a message and noting it, a sender has sent one more.
    if (received > sent + 1) result.unsent += received - sent - 1;
  }
}

}  // namespace killed_senders

// Kills `kills` senders, at most killed_senders::most, at moments drawn from `seed`.
template <typename Ring, typename Sender, typename Receiver>
KilledSenders kill_senders(std::uint32_t kills, std::uint64_t seed) {
  using namespace killed_senders;
  const SharedMemory memory(sizeof(Ring) + 2048);
  Ring& ring = Ring::create(memory.bytes());
  const SharedMemory shared_notes(sizeof(Notes));
  Notes& notes = *::new (shared_notes.bytes().data()) Notes();
  std::mt19937_64 random(seed);
  KilledSenders result;
  Child receiver([&] { receive_all<Receiver>(ring, notes); });
  for (std::uint32_t generation = 0; generation < kills; ++generation) {
    Child child([&] {
      Sender sender(ring);
      sender.take_over();
      for (std::uint32_t number = 0;; ++number) {
        send_one(sender, {generation, number}, notes);
      }
    });
    const auto until = std::chrono::steady_clock::now() + patience;
    while (notes.sent[generation] == 0) {
      if (std::chrono::steady_clock::now() > until) {
        result.failure =
            "sender " + std::to_string(generation) + " waits for room for ever";
        return result;
      }
      std::this_thread::yield();
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 300));
    child.kill();
    ++result.kills;
    if (notes.writing.exchange(false)) ++result.in_mid_write;
  }
  Child last([&] {
    Sender sender(ring);
    sender.take_over();
    for (std::uint32_t number = 0; number < last_messages; ++number) {
      send_one(sender, {kills, number}, notes);
    }
    sender.close();
  });
  if (last.ends(patience) != 0) {
    result.failure = "the last sender waits for room for ever";
  } else if (receiver.ends(patience) != 0) {
    result.failure = "the receiver did not come to the end";
  }
  count(notes, kills, result);
  return result;
}
