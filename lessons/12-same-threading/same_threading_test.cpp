// Tests of the reference, of the ring and of the two ways from a key to a shard. Each opens
// with its property.
#include "same_threading.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <future>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "interleave/interleave.hpp"
#include "pair_ring.hpp"
#include "shard_of.hpp"

namespace {

using interleave::check;
using interleave::explore;

// A memory that notes the threads that touch it, from the first line to the last.
struct Touched {
  Touched() { touch(); }
  Touched(const Touched&) = delete;
  Touched& operator=(const Touched&) = delete;
  ~Touched() {
    touch();
    if (report != nullptr) *report = by.size();
  }
  std::size_t touch() {
    by.insert(std::this_thread::get_id());
    return by.size();
  }

  std::set<std::thread::id> by;
  std::size_t* report = nullptr;
};

// A shard's memory is built, used and destroyed by one thread, and it is another shard's
// thread than that of another memory.
TEST(SameThreading, OneThreadTouchesAMemory) {
  explore([] {
    const auto threads = std::make_unique<std::size_t[]>(2);
    {
      SameThreading<Touched> system(2);
      for (std::size_t shard = 0; shard < 2; ++shard) {
        system.post(shard, [report = &threads[shard]](Touched& memory) {
          memory.touch();
          memory.report = report;
        });
      }
    }
    check(threads[0] == 1 && threads[1] == 1, "one thread must touch each memory");
  });
}

// What a thread posts to a shard is served in that order, and all of it before the end.
TEST(SameThreading, ServesInOrderAndToTheEnd) {
  explore([] {
    const auto seen = std::make_unique<std::string>();
    {
      SameThreading<std::string> system(1);
      for (const char name : {'a', 'b', 'c'}) {
        system.post(0, [&seen, name](std::string& memory) {
          memory += name;
          *seen = memory;
        });
      }
    }
    check(*seen == "abc", "every request must be served, in the order of its post");
  });
}

// A shard remembers, and its answer comes in the future; so does what a request throws, and
// the shard serves on.
TEST(SameThreading, AnswersWhatIsAsked) {
  SameThreading<int> system(2);
  const auto add = [](int& memory) { return ++memory; };
  EXPECT_EQ(system.ask(0, add).get(), 1);
  EXPECT_EQ(system.ask(0, add).get(), 2);
  EXPECT_EQ(system.ask(1, add).get(), 1) << "another shard has another memory";
  std::future<int> failed =
      system.ask(0, [](int&) -> int { throw std::runtime_error("no ink"); });
  EXPECT_THROW(static_cast<void>(failed.get()), std::runtime_error);
  EXPECT_EQ(system.ask(0, add).get(), 3);
}

// A request may post to another shard.
TEST(SameThreading, AShardMayPost) {
  explore([] {
    SameThreading<int> system(2);
    std::promise<int> answer;
    std::future<int> future = answer.get_future();
    system.post(0, [&](int& memory) {
      memory = 6;
      system.post(1, [&, seen = memory](int&) { answer.set_value(seen + 1); });
    });
    check(future.get() == 7, "the second shard must be asked with what the first has");
  });
}

// No more shards are pinned than there are cores for them, and none is counted twice.
TEST(SameThreading, SaysHowManyHaveACore) {
  const std::size_t cores = cores_allowed().size();
  SameThreading<int> system(cores + 1);
  EXPECT_LE(system.pinned(), cores);
}

// A thread that is kept on a core is on it.
TEST(Pinning, KeepsAThreadOnItsCore) {
  std::thread([] {
    const std::vector<unsigned> cores = cores_allowed();
    if (cores.empty() || !pin_to(cores.back())) GTEST_SKIP() << "not allowed here";
    EXPECT_EQ(cores_allowed(), std::vector<unsigned>{cores.back()});
  }).join();
}

// A ring of any capacity holds that many, in order, and refuses one more.
TEST(PairRing, HoldsItsCapacity) {
  const std::vector<int> items(7);
  for (const std::size_t capacity : {1u, 2u, 3u}) {
    PairRing<const int> ring(capacity);
    std::size_t pushed = 0;
    std::size_t popped = 0;
    for (int lap = 0; lap < 2; ++lap) {
      EXPECT_TRUE(ring.empty());
      for (; pushed < popped + capacity; ++pushed) {
        EXPECT_TRUE(ring.try_push(&items[pushed]));
      }
      EXPECT_FALSE(ring.try_push(&items[pushed]));
      EXPECT_FALSE(ring.empty());
      for (; popped < pushed; ++popped) EXPECT_EQ(ring.try_pop(), &items[popped]);
      EXPECT_EQ(ring.try_pop(), nullptr);
    }
  }
}

// What was written before a push is seen after the pop, whichever slot it took.
TEST(PairRing, CarriesWhatItPointsTo) {
  explore([] {
    const auto ring = std::make_unique<PairRing<int>>(1);
    const auto items = std::make_unique<int[]>(3);
    std::jthread producer([&] {
      for (std::size_t i = 0; i < 3; ++i) {
        items[i] = static_cast<int>(i) + 1;
        while (!ring->try_push(&items[i])) std::this_thread::yield();
      }
    });
    for (int i = 0; i < 3; ++i) {
      int* item = nullptr;
      while ((item = ring->try_pop()) == nullptr) std::this_thread::yield();
      check(*item == i + 1, "the pointer must come with what it points to, in order");
    }
  });
}

// Both ways give each key a shard that is there, and every shard its share.
TEST(ShardOf, SpreadsTheKeys) {
  for (std::size_t shards = 1; shards <= 5; ++shards) {
    std::vector<std::size_t> by_remainder(shards);
    std::vector<std::size_t> by_jump(shards);
    for (int key = 0; key < 10'000; ++key) {
      ++by_remainder.at(shard_by_remainder(key, shards));
      ++by_jump.at(shard_by_jump(key, shards));
    }
    for (const auto& keys : {by_remainder, by_jump}) {
      for (const std::size_t count : keys) {
        EXPECT_NEAR(static_cast<double>(count) * static_cast<double>(shards), 10'000,
                    1'000);
      }
    }
  }
}

// With a shard more a key stays, or moves to the new shard: never to another.
TEST(ShardOf, JumpMovesOnlyToTheNewShard) {
  for (int key = 0; key < 1'000; ++key) {
    for (std::size_t shards = 1; shards < 9; ++shards) {
      const std::size_t now = shard_by_jump(key, shards + 1);
      EXPECT_TRUE(now == shards || now == shard_by_jump(key, shards)) << key;
    }
  }
}

}  // namespace
