// Tests of exercise 4.1. Each opens with its property; where it is about several threads,
// `explore` looks for the schedule that breaks it.
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <ctime>
#include <memory>
#include <mutex>
#include <optimistic_update.hpp>  // in <>, so that the include path decides whose it is
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "course/step_test.hpp"
#include "interleave/interleave.hpp"
#include "memory_store.hpp"
#include "store.hpp"

namespace {

using interleave::check;
using interleave::explore;
using namespace std::chrono_literals;

std::optional<std::string> with_one_more(const std::string& value) { return value + "x"; }

// A session during whose updates others are faster: before each of the first `conflicts`
// calls of compare_and_set another session appends "o" to the value.
class Overtaken final : public Session {
 public:
  Overtaken(Store& store, int conflicts)
      : session_(store.connect()), conflicts_(conflicts) {}

  Versioned read(const std::string& key) override {
    ++reads;
    return session_->read(key);
  }

  bool compare_and_set(const std::string& key, std::uint64_t seen,
                       const std::string& value) override {
    ++attempts;
    if (attempts <= conflicts_) {
      const Versioned now = session_->read(key);
      check(session_->compare_and_set(key, now.version, now.value + "o"),
            "no other session writes");
    }
    return session_->compare_and_set(key, seen, value);
  }

  int reads = 0;
  int attempts = 0;

 private:
  std::unique_ptr<Session> session_;
  int conflicts_;
};

// A session whose store is gone.
class Broken final : public Session {
 public:
  Versioned read(const std::string&) override { throw StoreError("no line"); }
  bool compare_and_set(const std::string&, std::uint64_t, const std::string&) override {
    throw StoreError("no line");
  }
};

// Given once by one thread, waited for by another.
class Signal {
 public:
  void give() {
    const std::scoped_lock lock(mutex_);
    given_ = true;
    is_given_.notify_all();
  }

  void wait() {
    std::unique_lock lock(mutex_);
    is_given_.wait(lock, [this] { return given_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable is_given_;
  bool given_ = false;
};

// The store holds what `change` made of the value before; of nothing, at first.
STEP_TEST(1, OptimisticUpdate, WritesWhatItComputed, "stale state") {
  explore([] {
    MemoryStore store;
    const auto session = store.connect();
    optimistic_update(*session, "key", with_one_more);
    check(session->read("key").value == "x", "a missing key's value is empty");
    optimistic_update(*session, "key", with_one_more);
    check(session->read("key").value == "xx",
          "the second update reads what the first wrote");
  });
}

// The result is the new value with its version, and no conflict where no other session writes.
STEP_TEST(1, OptimisticUpdate, SaysWhatItWrote, "stale state") {
  explore([] {
    MemoryStore store;
    const auto session = store.connect();
    optimistic_update(*session, "key", with_one_more);
    const Update update = optimistic_update(*session, "key", with_one_more);
    check(update.state.value == "xx", "the result must be the value written");
    check(update.state.version == 2, "and the version under which it was written");
    check(!update.declined, "something was written");
    check(update.conflicts == 0, "no other session wrote");
  });
}

// Overtaken twice, it computes again from what the others wrote, and succeeds.
STEP_TEST(1, OptimisticUpdate, StartsOverAfterAConflict, "conflict") {
  explore([] {
    MemoryStore store;
    Overtaken session(store, 2);
    std::vector<std::uint64_t> told;
    const Update update =
        optimistic_update(session, "key", with_one_more,
                          [&](std::uint64_t conflicts) { told.push_back(conflicts); });
    const std::string value = store.connect()->read("key").value;
    check(value == "oox",
          "others wrote two o's meanwhile: the value must be oox, and is " + value);
    check(update.conflicts == 2, "it was overtaken twice");
    check(told == std::vector<std::uint64_t>{1, 2},
          "on_conflict must be called with 1 and then with 2");
  });
}

// `on_conflict` itself is called, no copy of it: what it keeps is there at the next update.
STEP_TEST(1, OptimisticUpdate, CallsOnConflictItself, "backing off") {
  struct Counter {
    void operator()(std::uint64_t) { ++calls; }
    int calls = 0;
  };
  explore([] {
    MemoryStore store;
    Counter counter;
    for (int update = 0; update < 2; ++update) {
      Overtaken session(store, 1);
      optimistic_update(session, "key", with_one_more, counter);
    }
    check(counter.calls == 2,
          "two updates were overtaken once each: the object must have "
          "been called twice; its calls: " +
              std::to_string(counter.calls));
  });
}

// Two workers update one key at the same time: nothing that either wrote is lost.
STEP_TEST(1, OptimisticUpdate, LosesNothing, "stale state") {
  explore([] {
    MemoryStore store;
    {
      const auto update_twice = [&store] {
        const auto session = store.connect();
        for (int i = 0; i < 2; ++i) optimistic_update(*session, "key", with_one_more);
      };
      const std::jthread worker1(update_twice);
      const std::jthread worker2(update_twice);
    }
    const Versioned state = store.connect()->read("key");
    check(state.value == "xxxx",
          "four updates append an x each: the value must be xxxx, and is " + state.value);
    check(state.version == 4, "and each must be one version");
  });
}

// Two workers add one x each: each gets the state that it wrote itself, not the other's.
STEP_TEST(1, OptimisticUpdate, ReturnsItsOwnWrite, "re-reading") {
  explore([] {
    MemoryStore store;
    Versioned state1;
    Versioned state2;
    {
      const auto add_one = [&store](Versioned& state) {
        const auto session = store.connect();
        state = optimistic_update(*session, "key", with_one_more).state;
      };
      const std::jthread worker1([&] { add_one(state1); });
      const std::jthread worker2([&] { add_one(state2); });
    }
    check(state1.version != state2.version,
          "two writes are two versions, but both updates return version " +
              std::to_string(state1.version) + ": one of them is the other's");
    check(state1.value != state2.value,
          "two writes are two values, but both updates return " + state1.value);
  });
}

// However often it is overtaken, an update without a limit tries again.
STEP_TEST(1, OptimisticUpdate, HasNoLimitOfItsOwn, "conflict") {
  explore([] {
    MemoryStore store;
    Overtaken session(store, 1000);
    const Update update = optimistic_update(session, "key", with_one_more);
    check(update.conflicts == 1000 && session.attempts == 1001,
          "it was overtaken 1000 times, and must try once more");
    check(update.state.value == std::string(1000, 'o') + "x",
          "nothing that the others wrote may be lost");
  });
}

// What `change` computed is written, also where it equals what was there.
STEP_TEST(1, OptimisticUpdate, AnEqualValueIsAWrite, "stale state") {
  explore([] {
    MemoryStore store;
    const auto session = store.connect();
    optimistic_update(*session, "key", with_one_more);
    const Update update = optimistic_update(
        *session, "key",
        [](const std::string& value) -> std::optional<std::string> { return value; });
    check(!update.declined && update.state.version == 2,
          "an equal value is written like any other, under the next version");
    check(session->read("key").version == 2, "the store must have the version returned");
  });
}

// Where `change` wants nothing written, nothing is; the result is what it looked at.
STEP_TEST(3, OptimisticUpdate, DeclinesWithoutWriting, "blind write") {
  explore([] {
    MemoryStore store;
    Overtaken session(store, 0);
    optimistic_update(session, "key", with_one_more);
    const Update update = optimistic_update(
        session, "key",
        [](const std::string&) -> std::optional<std::string> { return std::nullopt; });
    check(update.declined, "the update must say that it was declined");
    check(update.state.value == "x" && update.state.version == 1,
          "the result must be the state on which `change` decided");
    check(session.attempts == 1, "only the first update may write");
  });
}

// One that was overtaken, and then declines, says how often it had to start over.
STEP_TEST(3, OptimisticUpdate, DecliningCountsItsConflicts, "conflict") {
  explore([] {
    MemoryStore store;
    Overtaken session(store, 1);
    const Update update = optimistic_update(
        session, "key", [](const std::string& value) -> std::optional<std::string> {
          return value.empty() ? std::optional<std::string>("x") : std::nullopt;
        });
    check(update.declined && update.state.value == "o",
          "another worker wrote meanwhile, and then the update was declined");
    check(update.conflicts == 1, "it had to start over once; the times it says: " +
                                     std::to_string(update.conflicts));
  });
}

// `change` may take its value as it likes, and keep it: the state that is returned is whole.
STEP_TEST(3, OptimisticUpdate, ADecliningChangeTakesNothing, "stale state") {
  explore([] {
    MemoryStore store;
    const auto session = store.connect();
    const std::string there = "a value that is too long to be copied by accident";
    check(session->compare_and_set("key", 0, there), "no other session writes");
    std::string kept;
    const Update update = optimistic_update(
        *session, "key", [&kept](std::string value) -> std::optional<std::string> {
          kept = std::move(value);
          return std::nullopt;
        });
    check(kept == there, "`change` must get the value");
    check(update.state.value == there,
          "the state on which `change` decided must be returned as it was read");
  });
}

// Two workers take from a stock of one: one gets it, the other sees that nothing is left.
STEP_TEST(1, OptimisticUpdate, DecidesOnTheNewestState, "blind write") {
  explore([] {
    MemoryStore store;
    check(store.connect()->compare_and_set("stock", 0, "x"), "no other session writes");
    bool declined1 = false;
    bool declined2 = false;
    {
      const auto take = [&store](bool& declined) {
        const auto session = store.connect();
        declined = optimistic_update(*session, "stock", [](const std::string& stock) {
                     return stock.empty() ? std::nullopt : std::optional(stock.substr(1));
                   }).declined;
      };
      const std::jthread worker1([&] { take(declined1); });
      const std::jthread worker2([&] { take(declined2); });
    }
    check(declined1 != declined2, "exactly one of the two may get the last one");
    check(store.connect()->read("stock").version == 2, "one take is one version");
  });
}

// What `change` or `on_conflict` throws ends the update, and nothing is written.
STEP_TEST(3, OptimisticUpdate, AnExceptionWritesNothing, "exception safety") {
  explore([] {
    MemoryStore store;
    Overtaken session(store, 1);
    int thrown = 0;
    try {
      optimistic_update(session, "key",
                        [](const std::string&) -> std::optional<std::string> {
                          throw std::runtime_error("no paper");
                        });
    } catch (const std::runtime_error&) {
      ++thrown;
    }
    try {
      optimistic_update(session, "key", with_one_more,
                        [](std::uint64_t) { throw std::runtime_error("no patience"); });
    } catch (const std::runtime_error&) {
      ++thrown;
    }
    check(thrown == 2, "both exceptions must arrive");
    check(session.read("key").value == "o", "only the other one's write may be there");
  });
}

// What the store throws passes through: an error is no conflict.
STEP_TEST(3, OptimisticUpdate, AStoresErrorIsNoConflict, "conflict") {
  explore([] {
    Broken session;
    int conflicts = 0;
    bool thrown = false;
    try {
      optimistic_update(session, "key", with_one_more, [&](std::uint64_t) {
        if (++conflicts > 10) throw std::runtime_error("it tries for ever");
      });
    } catch (const StoreError&) {
      thrown = true;
    }
    check(thrown && conflicts == 0, "the StoreError must arrive, at the first call");
  });
}

// While one update computes, another one can: here each waits for the other.
STEP_TEST(4, OptimisticUpdate, HoldsNoLockWhileItComputes, "lock held too long") {
  explore([] {
    MemoryStore store;
    Signal first_computes;
    Signal second_computes;
    const std::jthread other([&] {
      const auto session = store.connect();
      optimistic_update(*session, "other", [&](const std::string& value) {
        second_computes.give();
        first_computes.wait();
        return with_one_more(value);
      });
    });
    const auto session = store.connect();
    optimistic_update(*session, "key", [&](const std::string& value) {
      first_computes.give();
      second_computes.wait();
      return with_one_more(value);
    });
  });
}

// While one update of a key computes, another update of that key can: here the first waits
// for the end of the second.
STEP_TEST(4, OptimisticUpdate, OthersUpdateTheKeyMeanwhile, "lock held too long") {
  explore([] {
    MemoryStore store;
    const auto session = store.connect();
    bool first = true;
    optimistic_update(*session, "key", [&](const std::string& value) {
      if (std::exchange(first, false)) {
        std::jthread([&store] {
          const auto other = store.connect();
          optimistic_update(*other, "key", with_one_more);
        }).join();
      }
      return with_one_more(value);
    });
    check(session->read("key").value == "xx", "both updates must be there");
  });
}

// Without a conflict: one read, one compare and set, and nothing copied to the heap.
STEP_TEST(1, OptimisticUpdate, CostOfAnUpdate, "re-reading") {
  explore([] {
    MemoryStore store;
    const auto session = store.connect();
    const std::string key = "key";
    optimistic_update(*session, key, with_one_more);
    const interleave::Cost cost("update");
    optimistic_update(*session, key, with_one_more);
  });
}

// The upper end doubles from `first` to `longest` and stays there; a pause lies between
// half of it and all of it.
STEP_TEST(2, Backoff, PausesLongerAfterEachConflict, "backing off") {
  Backoff backoff(100, 1ms, 10ms, 1);
  for (int round = 0; round < 20; ++round) {
    std::uint64_t conflict = 0;
    for (const auto end : {1ms, 2ms, 4ms, 8ms, 10ms, 10ms}) {
      const auto pause = backoff.pause(++conflict);
      EXPECT_GE(pause, end / 2) << "after conflict " << conflict;
      EXPECT_LE(pause, end) << "after conflict " << conflict;
    }
  }
}

// However many conflicts there were, a pause is between half of `longest` and `longest`.
STEP_TEST(2, Backoff, NeverPausesLongerThanTheLongest, "backing off") {
  Backoff hours(1'000'000, 1ns, 1000h, 1);
  Backoff centuries(1'000'000, 1ns, std::chrono::nanoseconds::max(), 1);
  Backoff first_too_long(100, 1h, 1s, 1);
  for (const std::uint64_t conflict : {60U, 63U, 64U, 65U, 1000U, 1'000'000U}) {
    EXPECT_GE(hours.pause(conflict), 500h) << "after conflict " << conflict;
    EXPECT_LE(hours.pause(conflict), 1000h) << "after conflict " << conflict;
    EXPECT_LE(first_too_long.pause(conflict), 1s) << "after conflict " << conflict;
    if (conflict < 64) continue;  // 2 to the power of 63 is too many nanoseconds
    EXPECT_GE(centuries.pause(conflict), std::chrono::nanoseconds::max() / 2)
        << "after conflict " << conflict;
  }
}

// An end that is less than half of the longest is doubled, and not yet the longest.
STEP_TEST(2, Backoff, DoublesWhatIsLessThanHalf, "backing off") {
  Backoff backoff(100, 3ns, 7ns, 1);
  for (int round = 0; round < 100; ++round) EXPECT_LE(backoff.pause(2), 6ns);
}

// A first pause of nothing would stay nothing, however often it is doubled: it is taken as the
// shortest there is.
STEP_TEST(2, Backoff, GrowsFromNothing, "backing off") {
  Backoff backoff(100, 0ns, 1s, 1);
  EXPECT_GE(backoff.pause(64), 500ms);
}

// One object serves update after update: how long it pauses and when it gives up depends on
// the conflicts of the update that calls it, not on those before.
STEP_TEST(2, Backoff, CountsEachUpdateAnew, "backing off") {
  explore([] {
    MemoryStore store;
    Backoff backoff(2, 1us, 1ms, 1);
    std::string said;
    try {
      for (int update = 0; update < 3; ++update) {
        Overtaken session(store, 2);
        optimistic_update(session, "key", with_one_more, backoff);
      }
    } catch (const TooManyConflicts& error) {
      said = error.what();
    }
    check(said.empty(),
          "each update met 2 conflicts, and 2 are allowed, but it says: " + said);
    check(backoff.pause(1) <= 1us, "after a first conflict the pause is the first again");
  });
}

// A pause leaves the core to others: hardly any of it is time on the processor.
STEP_TEST(2, Backoff, APauseBurnsNothing, "busy waiting") {
  const auto on_the_processor = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  Backoff backoff(10, 100ms, 100ms, 1);
  const auto before = on_the_processor();
  backoff(1);
  EXPECT_LT(on_the_processor() - before, 5ms) << "a pause of 50 ms or more must be slept";
}

// Two workers that met once do not meet again and again: their pauses differ, from each
// other's and from their own before.
STEP_TEST(2, Backoff, PausesDiffer, "backing off") {
  Backoff one(100, 1ms, 1ms, 1);
  Backoff two(100, 1ms, 1ms, 2);
  std::set<std::chrono::nanoseconds> all;
  for (int i = 0; i < 10; ++i) all.insert({one.pause(1), two.pause(1)});
  EXPECT_GT(all.size(), 10U)
      << "20 pauses must not be all the same, or pairwise the same";
}

// After a conflict the thread sleeps, for no less than the pause's lower end.
STEP_TEST(2, Backoff, SleepsAfterAConflict, "backing off") {
  explore([] {
    Backoff backoff(10, 2ms, 2ms, 1);
    const auto start = std::chrono::steady_clock::now();
    backoff(1);
    check(std::chrono::steady_clock::now() - start >= 1ms, "it must sleep for a pause");
  });
}

// One pause, and no more: the explorer's clock shows how long the thread slept.
STEP_TEST(2, Backoff, SleepsForOnePause, "backing off") {
  if (!interleave::explores_schedules()) return;
  explore([] {
    Backoff backoff(10, 2ms, 2ms, 1);
    const auto start = std::chrono::steady_clock::now();
    backoff(1);
    check(std::chrono::steady_clock::now() - start <= 2ms,
          "it must sleep for one pause, which is 2 ms at most");
  });
}

// An update that is always overtaken ends with TooManyConflicts, after `limit` more
// attempts, and says how many conflicts there were.
STEP_TEST(2, Backoff, GivesUpAboveItsLimit, "backing off") {
  explore([] {
    MemoryStore store;
    Overtaken session(store, 1000);
    Backoff backoff(3, 1us, 1us, 1);
    std::string said;
    try {
      optimistic_update(session, "key", with_one_more, backoff);
    } catch (const TooManyConflicts& error) {
      said = error.what();
    }
    check(!said.empty(), "TooManyConflicts must be thrown");
    check(session.attempts == 4,
          "a limit of 3 conflicts allows 4 attempts, but there were " +
              std::to_string(session.attempts));
    check(said.find('4') != said.npos, "there were 4 conflicts, but it says: " + said);
    check(session.read("key").value == "oooo", "it must not have written anything");
  });
}

// Below its limit it lets the update continue.
STEP_TEST(2, Backoff, LetsAnUpdateSucceed, "backing off") {
  explore([] {
    MemoryStore store;
    Overtaken session(store, 3);
    Backoff backoff(3, 1us, 1us, 1);
    std::string said;
    try {
      optimistic_update(session, "key", with_one_more, backoff);
    } catch (const TooManyConflicts& error) {
      said = error.what();
    }
    check(said.empty(), "3 conflicts are within a limit of 3, but at conflict " +
                            std::to_string(session.attempts) + " it says: " + said);
    const std::string value = session.read("key").value;
    check(value == "ooox", "after 3 conflicts the value must be ooox, and is " + value);
  });
}

}  // namespace
