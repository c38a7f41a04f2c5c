// Tests of exercise 5.1. Each opens with its property; where it is about two threads,
// `explore` looks for the schedule, and for the old value in memory, that breaks it.
//
// What threads share, or what is counted, is on the heap: Clang 14's hooks leave out what a
// function does with the members of its own local variables.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <spsc_ring.hpp>  // in <>, so that the include path decides whose it is
#include <thread>
#include <utility>
#include <vector>

#include "course/step_test.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;

// Counts those of its kind that live. It cannot be copied, nor made from nothing.
class Counted {
 public:
  Counted(int& living, int number) noexcept : living_(&living), number_(number) {
    ++*living_;
  }
  Counted(Counted&& other) noexcept : Counted(*other.living_, other.number_) {}
  Counted& operator=(Counted&&) = delete;
  ~Counted() { --*living_; }

  [[nodiscard]] int number() const { return number_; }

 private:
  int* living_;
  int number_;
};

// --- Step 1: every item crosses once, in order, whole ---------------------------------

// A ring of any capacity takes exactly as many items and gives them back in order, lap
// after lap: at every place of the ring it has been full once, and empty once.
STEP_TEST(1, SpscRing, HoldsExactlyItsCapacity, "full or empty") {
  explore([] {
    for (const int capacity : {1, 2, 3, 4, 5, 7, 8}) {
      SpscRing<int> ring(static_cast<std::size_t>(capacity));
      for (int lap = 0; lap < 10; ++lap) {
        check(!ring.try_pop(), "an empty ring must give nothing");
        for (int item = 0; item < capacity; ++item) {
          check(ring.try_push(10 * lap + item),
                "there is room, but the ring says it is full");
        }
        check(!ring.try_push(-1), "a full ring must refuse an item");
        for (int item = 0; item < capacity; ++item) {
          check(ring.try_pop() == 10 * lap + item,
                "the ring must give each item once, in the order in which they came");
        }
        check(!ring.try_pop(), "the ring gave an item more than it took");
        check(ring.try_push(7), "after a pop there is room again");
        check(ring.try_pop() == 7, "what was pushed last must come out");
      }
    }
  });
}

// One pop from a full ring makes room for one push, at once; one push into an empty ring
// has an item for one pop.
STEP_TEST(1, SpscRing, SeesRoomAndItemsAtOnce, "stale index") {
  explore([] {
    SpscRing<int> ring(2);
    check(ring.try_push(1) && ring.try_push(2),
          "there is room, but the ring says it is full");
    for (int item = 3; item < 10; ++item) {
      check(!ring.try_push(int{item}), "a full ring must refuse an item");
      check(ring.try_pop() == item - 2, "the ring must give the oldest item");
      check(ring.try_push(int{item}), "a pop made room, but the ring says it is full");
    }
    check(ring.try_pop() == 8 && ring.try_pop() == 9, "the ring must give the last two");
    for (int item = 1; item < 10; ++item) {
      check(!ring.try_pop(), "an empty ring must give nothing");
      check(ring.try_push(int{item}), "there is room, but the ring says it is full");
      check(ring.try_pop() == item, "a push left an item, but the ring says it is empty");
    }
  });
}

// An item is moved through the ring, and a full ring leaves what it refuses untouched.
STEP_TEST(1, SpscRing, LeavesWhatItRefuses, "full or empty") {
  explore([] {
    SpscRing<std::unique_ptr<int>> ring(1);
    check(ring.try_push(std::make_unique<int>(1)), "there is room");
    auto refused = std::make_unique<int>(2);
    check(!ring.try_push(std::move(refused)), "a full ring must refuse an item");
    check(refused && *refused == 2, "an item that was refused is gone");
    const std::optional<std::unique_ptr<int>> first = ring.try_pop();
    check(first && *first && **first == 1, "the item popped must own what was pushed");
    check(ring.try_push(std::move(refused)), "after a pop there is room again");
    check(!refused, "an item that was taken must be moved from");
  });
}

// A slot holds an item from its push to its pop and no longer; the ring destroys what is
// left in it, and needs no items to begin with.
STEP_TEST(1, SpscRing, KeepsNoItemAlive, "lifetime") {
  explore([] {
    int living = 0;
    {
      SpscRing<Counted> ring(3);
      check(living == 0, "an empty ring must hold no item");
      for (int item = 0; item < 7; ++item) {
        check(ring.try_push(Counted(living, item)), "there is room");
        check(living == 1, "one item is in the ring, so one must live");
        check(ring.try_pop().has_value(), "the item must come out");
        check(living == 0, "an item was popped and is gone, but its slot keeps it alive");
      }
      check(ring.try_push(Counted(living, 8)) && ring.try_push(Counted(living, 9)),
            "there is room for two");
    }
    check(living == 0, "the ring is gone and must have destroyed what was in it");
  });
}

// What the consumer gets, whenever it looks: the items in order, from the first on, each
// with all that the producer wrote before the push.
void cross(std::size_t capacity) {
  const auto ring = std::make_unique<SpscRing<std::unique_ptr<int>>>(capacity);
  int pushed = 0;  // written by the producer
  int popped = 0;
  {
    std::jthread producer([&] {
      interleave::name_thread("producer");
      for (int item = 0; item < 3; ++item) {
        if (ring->try_push(std::make_unique<int>(pushed))) ++pushed;
      }
    });
    interleave::name_thread("consumer");
    for (int look = 0; look < 3; ++look) {
      if (const auto item = ring->try_pop()) {
        check(*item && **item == popped,
              "the items must come in order, each once, and whole");
        ++popped;
      }
    }
  }
  for (; popped < pushed; ++popped) {
    const auto item = ring->try_pop();
    check(item.has_value(), "an item that was pushed never came out");
    check(item && *item && **item == popped,
          "the items must come in order, each once, and whole");
  }
  check(!ring->try_pop(), "the ring gave more items than it took");
}

// Two threads at a ring of one slot: at each push the slot changes owner.
STEP_TEST(1, SpscRing, CrossesOneSlot) {
  explore([] { cross(1); });
}

// Two threads at a ring of two slots: the third push is the first one's slot again.
STEP_TEST(1, SpscRing, CrossesTwoSlots) {
  explore([] { cross(2); });
}

// Two threads at a ring that no lap fills: nothing but the push orders them.
STEP_TEST(1, SpscRing, CrossesManySlots) {
  explore([] { cross(4); });
}

// A producer that waits for room, and a consumer that waits for items, both get there: no
// item is lost on the way, in several laps.
STEP_TEST(1, SpscRing, BothSidesGetThere) {
  explore([] {
    const auto ring = std::make_unique<SpscRing<int>>(1);
    std::jthread producer([&] {
      for (int item = 0; item < 3; ++item) {
        while (!ring->try_push(int{item})) std::this_thread::yield();
      }
    });
    for (int item = 0; item < 3; ++item) {
      std::optional<int> taken;
      while (!(taken = ring->try_pop())) std::this_thread::yield();
      check(*taken == item, "the items must come in order, each once");
    }
  });
}

// --- Step 2: the two sides do not share a cache line -----------------------------------

constexpr std::size_t cache_line = 64;

// The bytes of a ring, to see which of them an operation changes.
class Bytes {
 public:
  explicit Bytes(const SpscRing<int>& ring) : of_(&ring) {
    std::memcpy(bytes_.data(), static_cast<const void*>(of_), bytes_.size());
  }

  // Adds those that `changed` does not name, by their places.
  void note_rest(const std::vector<std::size_t>& changed,
                 std::map<std::size_t, unsigned char>& places) const {
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
      if (std::ranges::count(changed, i) == 0) places[i] = bytes_[i];
    }
  }

  // Adds the places of those that have changed since.
  void note_changes(std::vector<std::size_t>& places) const {
    const Bytes now(*of_);
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
      if (now.bytes_[i] != bytes_[i]) places.push_back(i);
    }
  }

 private:
  const SpscRing<int>* of_;
  std::array<unsigned char, sizeof(SpscRing<int>)> bytes_{};
};

// Whether two bytes of a ring can lie on one cache line.
bool may_share_a_line(std::size_t a, std::size_t b) {
  if (alignof(SpscRing<int>) % cache_line == 0) return a / cache_line == b / cache_line;
  return std::max(a, b) - std::min(a, b) < cache_line;
}

// Which bytes of a ring each side writes, and what the others hold.
struct Writers {
  std::vector<std::size_t> push;
  std::vector<std::size_t> pop;
  std::map<std::size_t, unsigned char> neither;
};

// Leaves `fill` on the stack, where code that copies what lies between members finds it.
[[gnu::noinline]] void scribble(unsigned char fill) {
  std::array<volatile unsigned char, 4096> stack;
  for (auto& byte : stack) byte = fill;
}

// Of a ring in memory that held `fill` before.
Writers writers_of_a_ring(unsigned char fill = 0) {
  using Ring = SpscRing<int>;
  constexpr std::align_val_t alignment{std::max(alignof(Ring), cache_line)};
  void* const memory = ::operator new(sizeof(Ring), alignment);
  std::memset(memory, fill, sizeof(Ring));
  scribble(fill);
  Ring* const ring = ::new (memory) Ring(3);
  Writers writers;
  for (int step = 0; step < 20; ++step) {
    // One more than there is room for, and than there are: then each side looks again.
    for (int push = 0; push < 4; ++push) {
      const Bytes before(*ring);
      static_cast<void>(ring->try_push(int{step}));
      before.note_changes(writers.push);
    }
    for (int pop = 0; pop < 4; ++pop) {
      const Bytes before(*ring);
      static_cast<void>(ring->try_pop());
      before.note_changes(writers.pop);
    }
  }
  std::vector<std::size_t> changed = writers.push;
  changed.insert(changed.end(), writers.pop.begin(), writers.pop.end());
  Bytes(*ring).note_rest(changed, writers.neither);
  std::destroy_at(ring);
  ::operator delete(memory, alignment);
  return writers;
}

// No byte that the producer writes lies on a line with one that the consumer writes. The
// speed shows it too, but not on a busy machine.
STEP_TEST(2, SpscRing, EachSideWritesLinesOfItsOwn, "shared cache line") {
  const Writers writers = writers_of_a_ring();
  ASSERT_FALSE(writers.push.empty()) << "a push must change the ring";
  ASSERT_FALSE(writers.pop.empty()) << "a pop must change the ring";
  for (const std::size_t pushed : writers.push) {
    for (const std::size_t popped : writers.pop) {
      ASSERT_FALSE(may_share_a_line(pushed, popped))
          << "try_push writes byte " << pushed << " of the ring and try_pop byte "
          << popped
          << ": both may lie on one cache line of 64 bytes, which then travels between "
             "the "
             "two cores at every item";
    }
  }
}

// Nor does what both of them only read: where the slots are, and how many.
STEP_TEST(2, SpscRing, WhatNeitherWritesHasALineOfItsOwn, "shared cache line") {
  const Writers writers = writers_of_a_ring();
  // What lies between members is 0, or what lay there before, which differs from ring to ring.
  std::vector<std::size_t> same;
  for (const auto& [byte, value] : writers.neither) {
    if (value != 0) same.push_back(byte);
  }
  for (const unsigned char fill : std::array<unsigned char, 3>{0xFF, 0x5A, 0xA5}) {
    const Writers others = writers_of_a_ring(fill);
    std::erase_if(same, [&](std::size_t byte) {
      const auto found = others.neither.find(byte);
      return found == others.neither.end() || found->second != writers.neither.at(byte);
    });
  }
  ASSERT_FALSE(same.empty()) << "a ring must know how many slots it has";
  for (const auto& [side, written] :
       {std::pair("try_push", &writers.push), std::pair("try_pop", &writers.pop)}) {
    for (const std::size_t byte : *written) {
      for (const std::size_t read : same) {
        ASSERT_FALSE(may_share_a_line(byte, read))
            << side << " writes byte " << byte << " of the ring, and neither side writes "
            << "byte " << read
            << ": both may lie on one cache line of 64 bytes, which then travels to the "
               "other side, though that only reads where its slots are";
      }
    }
  }
}

// --- What they cost -------------------------------------------------------------------

constexpr int many = 64;

// With room in the ring, a push touches nothing of the consumer's: it reads and writes its
// own index.
STEP_TEST(1, SpscRing, CostOfAPush) {
  explore([] {
    const auto ring = std::make_unique<SpscRing<int>>(many);
    check(ring->try_push(0), "there is room");  // may look, and see all of it
    const interleave::Cost cost("push", many - 1);
    for (int item = 1; item < many; ++item)
      check(ring->try_push(int{item}), "there is room");
  });
}

// With items in the ring, a pop touches nothing of the producer's.
STEP_TEST(1, SpscRing, CostOfAPop) {
  explore([] {
    const auto ring = std::make_unique<SpscRing<int>>(many);
    for (int item = 0; item < many; ++item)
      check(ring->try_push(int{item}), "there is room");
    check(ring->try_pop() == 0,
          "the first item must come first");  // looks, and sees them all
    const interleave::Cost cost("pop", many - 1);
    for (int item = 1; item < many; ++item)
      check(ring->try_pop() == item, "items keep their order");
  });
}

}  // namespace
