// Tests of exercise 3.2. Each opens with its property; `explore` looks for the schedule that
// breaks it.
#include <cstdint>
#include <memory>
#include <snapshot_store.hpp>  // in <>, so that the include path decides whose it is
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "course/step_test.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;

int one_more(int value) { return value + 1; }

// A new store holds its first value, as version 0.
STEP_TEST(1, SnapshotStore, BeginsWithVersionZero, "immutability") {
  explore([] {
    const SnapshotStore<int> store(7);
    const auto snapshot = store.snapshot();
    check(snapshot != nullptr && snapshot->value == 7, "the first value must be there");
    check(snapshot->number == 0, "the first version has the number 0");
  });
}

// read gives back what its reader returns, of whatever type.
STEP_TEST(1, SnapshotStore, ReadReturnsWhatTheReaderReturns, "immutability") {
  explore([] {
    const SnapshotStore<std::vector<int>> store({4, 2});
    const int sum = store.read([](const std::vector<int>& v) { return v[0] + v[1]; });
    check(sum == 6, "read must return the reader's result");
    bool called = false;
    store.read([&](const std::vector<int>&) { called = true; });
    check(called, "a reader may also return nothing");
  });
}

// A reader takes no lock, and writes little that others write.
STEP_TEST(1, SnapshotStore, AReadNeverWaits, "contention") {
  explore([] {
    const SnapshotStore<int> store(7);
    const interleave::Cost cost("read beside others");
    check(store.read([](int value) { return value; }) == 7, "the value must be there");
  });
}

// A reader is given the value itself, not a copy.
STEP_TEST(1, SnapshotStore, CostOfARead, "structural sharing") {
  explore([] {
    const SnapshotStore<std::vector<int>> store({4, 2});
    const interleave::Cost cost("read");
    check(store.read([](const std::vector<int>& v) { return v[0]; }) == 4,
          "the reader must see the value");
  });
}

// Each update makes the next version of the newest, and returns it.
STEP_TEST(2, SnapshotStore, UpdateMakesTheNextVersion, "lost update") {
  explore([] {
    SnapshotStore<int> store(7);
    const auto first = store.update(one_more);
    const auto second = store.update([](int value) { return 10 * value; });
    check(first->number == 1 && first->value == 8, "the first update makes version 1");
    check(second->number == 2 && second->value == 80, "the second is made of the first");
    check(store.snapshot() == second, "the newest version must be the last one made");
  });
}

// What a snapshot holds stays the same, however often the store is updated.
STEP_TEST(3, SnapshotStore, ASnapshotStays, "immutability") {
  explore([] {
    SnapshotStore<std::vector<int>> store({1});
    const auto snapshot = store.snapshot();
    std::jthread writer([&] {
      for (const int value : {2, 3}) {
        store.update(
            [value](const std::vector<int>&) { return std::vector<int>{value}; });
      }
    });
    check(snapshot->number == 0 && snapshot->value[0] == 1, "the snapshot changed");
  });
}

// The value that a reader is given lives until the reader returns, even if the store moves on.
STEP_TEST(3, SnapshotStore, AReadersVersionLives, "lifetime") {
  explore([] {
    SnapshotStore<std::vector<int>> store({1});
    const int seen = store.read([&](const std::vector<int>& value) {
      store.update([](const std::vector<int>&) { return std::vector<int>{2}; });
      store.update([](const std::vector<int>&) { return std::vector<int>{3}; });
      return value[0];
    });
    check(seen == 1, "the reader's version changed while it read");
  });
}

// The same, with a writer on a thread of its own.
STEP_TEST(3, SnapshotStore, ReadersSeeWholeVersions, "immutability") {
  explore([] {
    SnapshotStore<std::vector<int>> store({0, 0});
    std::jthread writer([&] {
      store.update([](const std::vector<int>& value) {
        return std::vector<int>{value[0] + 1, value[1] + 1};
      });
    });
    const bool whole =
        store.read([](const std::vector<int>& value) { return value[0] == value[1]; });
    check(whole, "the reader saw half of an update");
  });
}

// Two writers at once: both changes are in the end, one after the other.
STEP_TEST(2, SnapshotStore, NoUpdateIsLost, "lost update") {
  explore([] {
    SnapshotStore<int> store(0);
    {
      std::jthread writer([&] { store.update(one_more); });
      store.update(one_more);
    }
    const auto newest = store.snapshot();
    check(newest->value == 2, "an update was lost");
    check(newest->number == 2, "two updates make version 2");
  });
}

// An update of which others get ahead `times` times in a row, each while it makes its version.
void update_overtaken(int times) {
  SnapshotStore<int> store(0);
  int overtaken = 0;
  const auto mine = store.update([&](int value) {
    if (overtaken < times) {
      ++overtaken;
      std::jthread([&] { store.update(one_more); }).join();
    }
    return value + 100;
  });
  check(overtaken == times, "`change` must be called again each time");
  check(store.snapshot()->value == times + 100,
        "an update was lost: another writer was faster " + std::to_string(times) +
            " times in a row");
  check(mine->number == static_cast<std::uint64_t>(times) + 1,
        "each of the updates makes one version");
}

// Overtaken once or twenty times, an update still loses nothing, and others never wait for it.
STEP_TEST(2, SnapshotStore, OvertakenAgainAndAgain, "lost update") {
  explore([] { update_overtaken(1); });
  explore([] { update_overtaken(2); });
  explore([] { update_overtaken(3); });
  interleave::Options options;
  options.schedules =
      200;  // the threads come one after the other: there is little to choose
  interleave::explore([] { update_overtaken(20); }, options);
}

// `change` may itself update the store, and so overtake the update that called it.
STEP_TEST(2, SnapshotStore, AChangeMayUpdate, "lost update") {
  explore([] {
    SnapshotStore<int> store(0);
    int within = 0;
    store.update([&](int value) {
      if (within < 100) {
        ++within;
        store.update(one_more);
      }
      return value + 1000;
    });
    check(store.snapshot()->value == 1100, "an update made by a change was lost");
  });
}

// An update is a version, also where the value stays the same.
STEP_TEST(2, SnapshotStore, AnEqualValueIsAVersion, "lost update") {
  explore([] {
    SnapshotStore<int> store(7);
    const auto same = [](int value) { return value; };
    const auto first = store.update(same);
    const auto second = store.update(same);
    check(first->number == 1 && second->number == 2,
          "two updates make versions 1 and 2, whatever the values are");
  });
}

// Each writer is told the version that it made itself: no two are told the same.
STEP_TEST(2, SnapshotStore, EachWriterMakesItsOwnVersion, "lost update") {
  explore([] {
    SnapshotStore<int> store(0);
    SnapshotStore<int>::Snapshot mine;
    SnapshotStore<int>::Snapshot other;
    {
      std::jthread writer(
          [&] { other = store.update([](int value) { return value + 10; }); });
      mine = store.update(one_more);
    }
    const bool mine_first = mine->number == 1 && other->number == 2;
    const bool other_first = mine->number == 2 && other->number == 1;
    check(mine_first || other_first,
          "the two updates must make versions 1 and 2; they made " +
              std::to_string(mine->number) + " and " + std::to_string(other->number));
    check(mine->value == (mine_first ? 1 : 11), "a change was applied to an old version");
    check(other->value == (mine_first ? 11 : 10),
          "a change was applied to an old version");
  });
}

// An update that no other overtakes makes the version once, and takes no lock for it.
STEP_TEST(2, SnapshotStore, CostOfAnUpdate, "structural sharing") {
  explore([] {
    SnapshotStore<int> store(7);
    const interleave::Cost cost("update");
    const interleave::Cost beside("update beside others");
    check(store.update(one_more)->value == 8, "the update must be there");
  });
}

// An exception from `change` goes to the caller, and nothing has changed.
STEP_TEST(2, SnapshotStore, AFailedChangeChangesNothing, "exception safety") {
  explore([] {
    SnapshotStore<int> store(7);
    bool thrown = false;
    try {
      store.update([](int) -> int { throw std::runtime_error("no paper"); });
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    check(thrown, "the caller must get the exception");
    check(store.snapshot()->number == 0, "a failed change must not make a version");
    check(store.update(one_more)->number == 1,
          "the next update must find nothing locked");
  });
}

// A version that was replaced and that no reader holds is freed.
STEP_TEST(3, SnapshotStore, FreesWhatNoReaderHolds, "lifetime") {
  explore([] {
    SnapshotStore<int> store(0);
    auto held = store.snapshot();
    const std::weak_ptr<const SnapshotStore<int>::Version> first = held;
    const std::weak_ptr<const SnapshotStore<int>::Version> second =
        store.update(one_more);
    store.update(one_more);
    check(second.expired(), "no reader holds version 1, and it is not the newest");
    check(!first.expired(), "a snapshot still holds version 0");
    held.reset();
    check(first.expired(), "no reader holds version 0 any more");
  });
}

}  // namespace
