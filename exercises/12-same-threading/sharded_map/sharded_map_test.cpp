// Tests of exercise 12.1. Each opens with its property; where it is about several threads,
// `explore` looks for the schedule that breaks it.
//
// What threads share is on the heap: Clang 14's hooks leave out what a function does with
// the members of its own local variables.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <sharded_map.hpp>  // in <>, so that the include path decides whose it is
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "course/step_test.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;
using Map = ShardedMap<int, int>;

std::unique_ptr<Map> a_map(std::size_t shards) { return std::make_unique<Map>(shards); }

// The `which`-th key, from 0, that belongs to `shard`.
int key_of(const Map& map, std::size_t shard, int which = 0) {
  for (int key = 0;; ++key) {
    if (map.owner(key) == shard && which-- == 0) return key;
  }
}

int add(Map& map, std::size_t self, int key, int amount) {
  return map.update(self, key, [amount](int& value) { value += amount; });
}

// --- Step 1: a key's value is where its owner keeps it -----------------------------------

// A shard changes and finds its own keys; a key without a value has none, and looking for it
// does not give it one.
STEP_TEST(1, ShardedMap, OwnKeys, "one owner") {
  explore([] {
    const auto map = a_map(1);
    check(map->find(0, 7) == std::nullopt,
          "find: a key that was never changed has no value");
    check(map->entries(0) == 0, "find must not make an entry");
    check(add(*map, 0, 7, 3) == 3, "update must return the value that the change left");
    check(add(*map, 0, 7, 4) == 7, "update must change the value that is there");
    check(map->find(0, 7) == 7, "find must give the value that update left");
    check(map->find(0, 8) == std::nullopt, "find: another key has no value");
    check(map->entries(0) == 1, "one key was changed, so there is one entry");
  });
}

// Every key is with its owner and nowhere else. One thread plays all shards, each with the
// keys that it owns.
STEP_TEST(1, ShardedMap, EveryKeyIsWithItsOwner, "one owner") {
  Map map(3);
  std::vector<std::size_t> keys(3);
  for (int key = 0; key < 300; ++key) {
    ++keys[map.owner(key)];
    ASSERT_EQ(add(map, map.owner(key), key, key), key);
  }
  for (std::size_t shard = 0; shard < 3; ++shard) {
    EXPECT_EQ(map.entries(shard), keys[shard])
        << "shard " << shard << " has its own keys";
  }
  for (int key = 0; key < 300; ++key) EXPECT_EQ(map.find(map.owner(key), key), key);
}

// What the change of an own key throws comes out of update.
STEP_TEST(1, ShardedMap, OwnChangeThrows, "exception safety") {
  Map map(1);
  EXPECT_THROW(map.update(0, 1, [](int&) { throw std::runtime_error("no"); }),
               std::runtime_error);
}

// An own key costs no lock, and no memory once it is there.
STEP_TEST(1, ShardedMap, CostOfAnOwnKey) {
  explore([] {
    const auto map = a_map(2);
    const int key = key_of(*map, 1);
    check(add(*map, 1, key, 1) == 1, "update must return the value that the change left");
    const interleave::Cost cost("own key", 2);
    check(add(*map, 1, key, 1) == 2, "update must change the value that is there");
    check(map->find(1, key) == 2, "find must give the value that update left");
  });
}

// --- Step 2: others ask, and serve while they wait ---------------------------------------

// Shard 1 serves now and then; what shard 0 changes and finds is done by shard 1's thread,
// with all that shard 0 wrote before.
STEP_TEST(2, ShardedMap, ServesWhatWasAsked, "one owner") {
  explore([] {
    const auto map = a_map(2);
    const int key = key_of(*map, 1);
    std::atomic<bool> over = false;
    int written = 0;  // by shard 0, read by shard 1
    std::thread::id by;
    std::jthread shard1([&] {
      interleave::name_thread("shard 1");
      while (!over) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        map->serve(1);
      }
    });
    interleave::name_thread("shard 0");
    written = 5;
    const int left = map->update(0, key, [&](int& value) {
      value += written;
      by = std::this_thread::get_id();
    });
    check(left == 5, "update must return the value that the change left");
    check(by == shard1.get_id(),
          "a change must be made by the thread of the key's owner");
    check(map->find(0, key) == 5, "find must give what the key's owner has");
    over = true;
  });
}

// Two shards have asked before shard 0 serves: one call serves both.
STEP_TEST(2, ShardedMap, ServesAllThatWasAsked, "skew") {
  int most = 0;  // that one call served, of all schedules
  interleave::Options options;
  options.schedules = 1'000;
  explore(
      [&most] {
        const auto map = a_map(3);
        const int key = key_of(*map, 0);
        std::atomic<int> changed = 0;  // by shard 0, which serves
        const auto ask = [&](std::size_t self) {
          map->update(self, key, [&changed](int&) { ++changed; });
        };
        std::jthread shard1([&] { ask(1); });
        std::jthread shard2([&] { ask(2); });
        interleave::name_thread("shard 0");
        // Virtual time, most often: it passes when the others can do no more.
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        map->serve(0);
        most = std::max(most, changed.load());
        while (changed < 2) {
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
          map->serve(0);
        }
      },
      options);
  if (interleave::explores_schedules()) {
    EXPECT_EQ(most, 2) << "two shards had asked, and serve left one of their requests";
  }
}

// Two shards ask each other at the same time. Each waits, and each is served.
STEP_TEST(2, ShardedMap, TwoShardsAskEachOther, "circular wait for room") {
  explore([] {
    const auto map = a_map(2);
    const int of0 = key_of(*map, 0);
    const int of1 = key_of(*map, 1);
    std::atomic<int> over = 0;
    const auto shard = [&](std::size_t self, int key) {
      check(add(*map, self, key, 1) == 1,
            "update must return the value that the change left");
      // Serves until the other has its answer too.
      for (over.fetch_add(1); over < 2; map->serve(self)) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    };
    std::jthread shard1([&] {
      interleave::name_thread("shard 1");
      shard(1, of0);
    });
    interleave::name_thread("shard 0");
    shard(0, of1);
  });
}

// Shard 1 does not answer shard 0 before shard 0 has answered shard 2: a shard that waits
// serves, however long its own answer takes.
STEP_TEST(2, ShardedMap, ServesHoweverLongItWaits, "circular wait for room") {
  interleave::Options options;
  options.schedules = 3'000;
  explore(
      [] {
        const auto map = a_map(3);
        const int of0 = key_of(*map, 0);
        const int of1 = key_of(*map, 1);
        std::atomic<bool> answered = false;
        std::atomic<bool> over = false;
        std::jthread shard1([&] {
          interleave::name_thread("shard 1");
          answered.wait(false);
          for (; !over; map->serve(1)) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
          }
        });
        std::jthread shard2([&] {
          interleave::name_thread("shard 2");
          add(*map, 2, of0, 1);
          answered = true;
          answered.notify_all();
        });
        interleave::name_thread("shard 0");
        add(*map, 0, of1, 1);
        over = true;
      },
      options);
}

// A shard's own changes, and those that it makes while it waits for an answer, are no race:
// each of the two uses its own key and the other's.
STEP_TEST(2, ShardedMap, OwnAndAskedChangesMeet, "one owner") {
  explore([] {
    const auto map = a_map(2);
    const std::vector<int> keys{key_of(*map, 0), key_of(*map, 1)};
    std::atomic<int> over = 0;
    const auto shard = [&](std::size_t self) {
      add(*map, self, keys[self], 1);
      add(*map, self, keys[1 - self], 1);
      for (over.fetch_add(1); over < 2; map->serve(self)) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    };
    {
      std::jthread shard1([&] {
        interleave::name_thread("shard 1");
        shard(1);
      });
      interleave::name_thread("shard 0");
      shard(0);
    }
    check(map->find(0, keys[0]) == 2, "both changes of shard 0's key must be there");
    check(map->find(1, keys[1]) == 2, "both changes of shard 1's key must be there");
  });
}

// One shard looks for a key while its owner changes it: looking is asking, too.
STEP_TEST(2, ShardedMap, FindMeetsAChange, "one owner") {
  explore([] {
    const auto map = a_map(2);
    const int key = key_of(*map, 1);
    std::atomic<bool> over = false;
    std::jthread shard1([&] {
      interleave::name_thread("shard 1");
      for (add(*map, 1, key, 7); !over; map->serve(1)) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
    interleave::name_thread("shard 0");
    const std::optional<int> found = map->find(0, key);
    check(!found || *found == 7, "find must give nothing, or the value after the change");
    over = true;
  });
}

// What a change throws, of whatever type, comes out where it was asked for, and its owner
// serves on. The test keeps what is thrown: libstdc++ counts an exception's owners where no
// tool looks.
STEP_TEST(2, ShardedMap, AnErrorComesBack, "exception safety") {
  explore([] {
    const auto map = a_map(2);
    const int key = key_of(*map, 1);
    const std::exception_ptr seven = std::make_exception_ptr(7);
    std::atomic<bool> over = false;
    std::jthread shard1([&] {
      interleave::name_thread("shard 1");
      while (!over) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        map->serve(1);
      }
    });
    int thrown = 0;
    try {
      map->update(0, key, [&](int&) { std::rethrow_exception(seven); });
    } catch (int error) {
      thrown = error;
    }
    check(thrown == 7, "update must throw what the change threw");
    check(add(*map, 0, key, 2) == 2, "after a change that threw the owner must serve on");
    over = true;
  });
}

// A shard that waits for an answer sleeps, and is woken once.
STEP_TEST(2, ShardedMap, WhoAsksSleeps, "busy waiting") {
  explore([] {
    const auto map = a_map(2);
    const int key = key_of(*map, 1);
    std::atomic<bool> over = false;
    std::jthread shard1([&] {
      while (!over) {
        std::this_thread::sleep_for(std::chrono::microseconds(1317));
        map->serve(1);
      }
    });
    {
      const interleave::Cost cost("ask another shard");
      check(add(*map, 0, key, 1) == 1,
            "update must return the value that the change left");
    }
    over = true;
  });
}

// --- Step 3: no shard leaves while another may ask ----------------------------------------

// One shard leaves at once, the other asks it and leaves then.
STEP_TEST(3, ShardedMap, LeaveServesTheOthers, "shutdown") {
  explore([] {
    const auto map = a_map(2);
    const int key = key_of(*map, 1);
    std::jthread shard1([&] {
      interleave::name_thread("shard 1");
      map->leave(1);
    });
    interleave::name_thread("shard 0");
    check(add(*map, 0, key, 1) == 1, "update must return the value that the change left");
    map->leave(0);
  });
}

// The last one wakes all the others, and each sees what the others did before they left.
STEP_TEST(3, ShardedMap, TheLastOneWakesAll, "lost wake-up") {
  explore([] {
    const auto map = a_map(3);
    const auto done = std::make_unique<int[]>(3);
    const auto shard = [&](std::size_t self) {
      done[self] = 1;
      map->leave(self);
      check(done[0] + done[1] + done[2] == 3,
            "leave must return after every shard has left, and after all that it did");
    };
    std::jthread shard1([&] { shard(1); });
    std::jthread shard2([&] { shard(2); });
    shard(0);
  });
}

// After all have left they may begin again.
STEP_TEST(3, ShardedMap, MayBeginAgain, "shutdown") {
  explore([] {
    const auto map = a_map(2);
    const int key = key_of(*map, 1);
    std::jthread shard1([&] {
      interleave::name_thread("shard 1");
      for (int round = 0; round < 2; ++round) map->leave(1);
    });
    interleave::name_thread("shard 0");
    for (int round = 1; round <= 2; ++round) {
      check(add(*map, 0, key, 1) == round, "update must return the value that it left");
      map->leave(0);
    }
  });
}

// And at once: one may leave for the second time before another has come back from the first.
STEP_TEST(3, ShardedMap, MayBeginAgainAtOnce, "shutdown") {
  explore([] {
    const auto map = a_map(2);
    const auto leave_twice = [&](std::size_t self) {
      map->leave(self);
      map->leave(self);
    };
    std::jthread shard1([&] {
      interleave::name_thread("shard 1");
      leave_twice(1);
    });
    interleave::name_thread("shard 0");
    leave_twice(0);
  });
}

// A shard that waits for the others to leave sleeps.
STEP_TEST(3, ShardedMap, WhoLeavesSleeps, "busy waiting") {
  explore([] {
    const auto map = a_map(2);
    std::jthread shard1([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(1317));
      map->leave(1);
    });
    const interleave::Cost cost("leave");
    map->leave(0);
  });
}

// --- Step 4: one shard more ------------------------------------------------------------------

// After grow every key has its value, at the owner that it has now, and nowhere else.
STEP_TEST(4, ShardedMap, GrowKeepsEveryKey, "resharding") {
  Map map(3);
  for (int key = 0; key < 400; ++key) add(map, map.owner(key), key, key + 1);
  map.grow();
  ASSERT_EQ(map.shards(), 4u);
  std::size_t entries = 0;
  for (std::size_t shard = 0; shard < 4; ++shard) entries += map.entries(shard);
  EXPECT_EQ(entries, 400u) << "each key has one value, with one owner";
  for (int key = 0; key < 400; ++key) {
    EXPECT_EQ(map.find(map.owner(key), key), key + 1) << "key " << key;
  }
}

// Only the keys that the new shard owns move, about one of four, and grow counts them.
STEP_TEST(4, ShardedMap, GrowMovesNoMoreThanItMust, "resharding") {
  Map map(3);
  std::vector<std::size_t> owners;
  for (int key = 0; key < 400; ++key) {
    owners.push_back(map.owner(key));
    add(map, map.owner(key), key, 1);
  }
  const std::size_t moved = map.grow();
  std::size_t others = 0;
  for (int key = 0; key < 400; ++key) {
    others += map.owner(key) != owners[static_cast<std::size_t>(key)];
  }
  EXPECT_EQ(moved, others)
      << "grow must count the keys whose owner changed, and no other";
  EXPECT_EQ(moved, map.entries(3)) << "all that moves, moves to the new shard";
  EXPECT_GE(moved, 60u) << "the new shard gets its share";
  EXPECT_LE(moved, 140u) << "with one shard more about one key of four has another owner";
}

// Grown twice, and used by one thread more each time.
STEP_TEST(4, ShardedMap, GrowsBetweenUses, "resharding") {
  explore([] {
    const auto map = a_map(1);
    for (int key = 0; key < 8; ++key) add(*map, 0, key, 1);
    map->leave(0);
    map->grow();
    {
      std::jthread shard1([&] { map->leave(1); });
      const int key = key_of(*map, 1);
      check(add(*map, 0, key, 1) == 2, "a key that moved must keep its value");
      map->leave(0);
    }
    check(map->grow() + map->entries(0) + map->entries(1) == 8,
          "eight keys: those that moved, and those that stayed");
  });
}

}  // namespace
