// Tests of the reference, and of what the exercises rely on. Each opens with its property.
#include "byte_messages.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include "child.hpp"
#include "interleave/interleave.hpp"
#include "shared_bed.hpp"
#include "shared_memory.hpp"

namespace {

using interleave::check;
using interleave::explore;
using namespace std::chrono_literals;

constexpr auto patience = 20s;

Bytes bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

std::string text_of(const std::optional<std::vector<std::byte>>& bytes) {
  if (!bytes) return "(the end)";
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

// --- The reference --------------------------------------------------------------------

// Messages of any size come whole, in order, in both directions; then the end.
TEST(ByteChannel, CarriesWholeMessages) {
  auto [here, there] = ByteChannel::pair();
  for (const std::string text : {"one", "", "three"}) here.send(bytes_of(text));
  EXPECT_EQ(text_of(there.receive()), "one");
  EXPECT_EQ(text_of(there.receive()), "");
  EXPECT_EQ(text_of(there.receive()), "three");
  there.send(bytes_of("back"));
  EXPECT_EQ(text_of(here.receive()), "back");
  { const ByteChannel gone = std::move(here); }
  EXPECT_EQ(there.receive(), std::nullopt);
}

// A message that the system takes and brings in pieces is put together again.
TEST(ByteChannel, PutsPiecesTogether) {
  auto [here, there] = ByteChannel::pair();
  const std::string text(3'000'000, 'x');
  std::jthread sender([&text, end = std::move(here)]() mutable {
    for (int i = 0; i < 2; ++i) end.send(bytes_of(text));
  });
  EXPECT_TRUE(text_of(there.receive()) == text);
  EXPECT_TRUE(text_of(there.receive()) == text);
}

// What the sender does to its bytes afterwards changes no message.
TEST(ByteChannel, SendsACopy) {
  auto [here, there] = ByteChannel::pair();
  std::string text = "first";
  here.send(bytes_of(text));
  text = "later";
  EXPECT_EQ(text_of(there.receive()), "first");
}

// Between processes too; an end in the middle of a message is an error, and so is a length
// beyond the longest, before memory is taken for it.
TEST(ByteChannel, SaysWhatIsWrong) {
  auto [here, there] = ByteChannel::pair();
  Child child([&sender = here] { sender.send(bytes_of("from a process")); });
  EXPECT_EQ(text_of(there.receive()), "from a process");
  EXPECT_EQ(child.ends(patience), 0);
  EXPECT_THROW(
      here.send(Bytes(static_cast<std::byte*>(nullptr), ByteChannel::longest + 1)),
      std::length_error);
}

// A sender whose receiver is gone gets an error, not a signal.
TEST(ByteChannel, ASenderOutlivesItsReceiver) {
  auto [here, there] = ByteChannel::pair();
  { const ByteChannel gone = std::move(there); }
  EXPECT_THROW(here.send(bytes_of("hello")), std::system_error);
}

// --- What the ring relies on ----------------------------------------------------------

// What is written through one mapping is read through another, and by another process.
TEST(SharedMemory, IsOneMemory) {
  const SharedMemory memory(4096);
  const SharedMemory again = memory.again();
  ASSERT_NE(memory.bytes().data(), again.bytes().data());
  memory.bytes()[7] = std::byte{1};
  EXPECT_EQ(again.bytes()[7], std::byte{1});
  Child child([&] { memory.bytes()[8] = std::byte{2}; });
  EXPECT_EQ(child.ends(patience), 0);
  EXPECT_EQ(again.bytes()[8], std::byte{2});
}

// A sleeper is woken by a change that the other side makes, whenever it comes.
TEST(SharedBed, NoWakeIsLost) {
  explore([] {
    struct Shared {
      SharedBed bed;
      std::atomic<int> value = 0;
    };
    const auto shared = std::make_unique<Shared>();
    std::jthread other([&] {
      shared->value.store(1, std::memory_order_release);
      shared->bed.wake();
    });
    while (shared->value.load(std::memory_order_acquire) == 0) {
      shared->bed.sleep_unless(
          [&] { return shared->value.load(std::memory_order_relaxed) != 0; });
    }
  });
}

// Also one in another process, which has the memory elsewhere.
TEST(SharedBed, WakesAnotherProcess) {
  struct Shared {
    SharedBed bed;
    std::atomic<int> value = 0;
  };
  const SharedMemory memory(4096);
  Shared& shared = *::new (memory.bytes().data()) Shared();
  Child child([&] {
    const SharedMemory again = memory.again();
    Shared& mine = *std::launder(reinterpret_cast<Shared*>(again.bytes().data()));
    while (mine.value == 0) mine.bed.sleep_unless([&] { return mine.value != 0; });
  });
  EXPECT_TRUE(child.sleeps(patience));
  shared.value = 1;
  shared.bed.wake();
  EXPECT_EQ(child.ends(patience), 0);
}

// A child's end and its status are told, and one that does not end is killed.
TEST(Child, TellsHowItEnds) {
  EXPECT_EQ(Child([] {}).ends(patience), 0);
  EXPECT_EQ(Child([] { throw std::runtime_error("no paper"); }).ends(patience), 1);
  EXPECT_EQ(Child([] { ::raise(SIGKILL); }).ends(patience), 128 + SIGKILL);
  EXPECT_EQ(Child([] { ::pause(); }).ends(10ms), std::nullopt);
}

}  // namespace
