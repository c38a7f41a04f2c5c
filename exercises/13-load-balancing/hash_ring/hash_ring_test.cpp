// Tests of exercise 13.2. Each opens with its property. Places follow from names alone, so that
// each run finds the same numbers.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <hash_ring.hpp>  // in <>, so that the include path decides whose it is
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "course/step_test.hpp"

namespace {

// Texts that are numbers lie where they say: "7" at 7. Points are named "7#0", "7#1", …, and lie
// at 7 as well, so that all points of one service share a place.
struct AsItSays {
  std::uint64_t operator()(std::string_view text) const {
    std::uint64_t place = 0;
    for (const char digit : text) {
      if (digit == '#') break;
      place = 10 * place + static_cast<std::uint64_t>(digit - '0');
    }
    return place;
  }
};

// Very few places, so that services share them all the time.
struct Crowded {
  std::uint64_t operator()(std::string_view text) const { return Hash64()(text) % 16; }
};

// Counts how often a text was given a place.
struct Counted {
  static inline std::uint64_t times_ = 0;
  std::uint64_t operator()(std::string_view text) const {
    ++times_;
    return Hash64()(text);
  }
};

constexpr int keys = 20'000;

std::string key(int number) { return "user:" + std::to_string(number); }

template <typename Ring>
void add_all(Ring& ring, const std::vector<std::string>& services) {
  for (const std::string& service : services) ring.add(service);
}

template <typename Ring>
std::string owner(const Ring& ring, std::string_view of) {
  const std::string* found = ring.owner(of);
  return found == nullptr ? "(none)" : *found;
}

// The owner of each key.
template <typename Ring>
std::vector<std::string> owners_of_all(const Ring& ring) {
  std::vector<std::string> all;
  for (int i = 0; i < keys; ++i) all.push_back(owner(ring, key(i)));
  return all;
}

std::map<std::string, int> count_of(const std::vector<std::string>& owners) {
  std::map<std::string, int> counts;
  for (const std::string& service : owners) ++counts[service];
  return counts;
}

const std::vector<std::string> five{"a:7001", "b:7002", "c:7003", "d:7004", "e:7005"};

// --- Step 1: the next point -----------------------------------------------------------

// A key is the next point's: at its place, or after it.
STEP_TEST(1, Owner, IsTheNextPoint, "lost key") {
  HashRing<AsItSays> ring(1);
  add_all(ring, {"30", "10", "20"});
  EXPECT_EQ(owner(ring, "5"), "10");
  EXPECT_EQ(owner(ring, "10"), "10")
      << "a point that lies at the key's place is the next";
  EXPECT_EQ(owner(ring, "11"), "20");
  EXPECT_EQ(owner(ring, "29"), "30");
}

// After the last point comes the first: it is a ring.
STEP_TEST(1, Owner, AfterTheLastPointIsTheFirst, "lost key") {
  HashRing<AsItSays> ring(1);
  add_all(ring, {"10", "20", "30"});
  EXPECT_EQ(owner(ring, "31"), "10");
  EXPECT_EQ(owner(ring, "18446744073709551615"), "10");
}

// No service, no owner; one, and all is its.
STEP_TEST(1, Owner, OfAnEmptyRingIsNone, "lost key") {
  HashRing<> ring;
  EXPECT_EQ(ring.owner("user:1"), nullptr);
  ring.add("a");
  EXPECT_EQ(owner(ring, "user:1"), "a");
  EXPECT_EQ(owner(ring, ""), "a");
}

// The key alone is looked up: once, however many points there are.
STEP_TEST(1, Owner, HashesTheKeyOnce, "lost key") {
  HashRing<Counted> ring;
  add_all(ring, five);
  Counted::times_ = 0;
  for (int i = 0; i < 100; ++i) static_cast<void>(ring.owner(key(i)));
  EXPECT_EQ(Counted::times_, 100U) << "hashes made by 100 look-ups";
}

// --- Step 2: least movement -----------------------------------------------------------

// A service that comes takes about its share, and no key moves between the others.
STEP_TEST(2, Movement, ANewServiceTakesItsShare, "least movement") {
  HashRing<> ring;
  add_all(ring, {"a", "b", "c", "d"});
  const auto before = owners_of_all(ring);
  ring.add("e");
  const auto after = owners_of_all(ring);
  int moved = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] == after[i]) continue;
    ++moved;
    ASSERT_EQ(after[i], "e") << key(static_cast<int>(i)) << " has moved from "
                             << before[i] << ", and not to the new one";
  }
  EXPECT_NEAR(moved, keys / 5, 0.25 * keys / 5) << "keys of " << keys << " that moved";
}

// One that leaves gives its own away, to all the others, and nothing else moves.
STEP_TEST(2, Movement, ALeavingOneGivesToAll, "least movement") {
  HashRing<> ring;
  add_all(ring, five);
  const auto before = owners_of_all(ring);
  ring.remove("c:7003");
  const auto after = owners_of_all(ring);
  std::map<std::string, int> heirs;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] == "c:7003") {
      ++heirs[after[i]];
    } else {
      ASSERT_EQ(after[i], before[i]) << "a key moved between two that stayed";
    }
  }
  EXPECT_EQ(heirs.count("c:7003"), 0U) << "it has left, and still owns keys";
  EXPECT_EQ(heirs.size(), 4U) << "of four that stayed, so many took some of its keys";
  for (const auto& [service, count] : heirs) {
    EXPECT_NEAR(count, keys / 20, 0.5 * keys / 20) << "keys that " << service << " took";
  }
}

// Who owns what does not depend on who was there in between.
STEP_TEST(2, Points, DoNotDependOnTheHistory, "order dependence") {
  HashRing<> straight;
  add_all(straight, five);
  HashRing<> ring;
  add_all(ring, {"x", "e:7005", "d:7004", "y"});
  ring.remove("x");
  ring.remove("d:7004");
  add_all(ring, {"a:7001", "b:7002", "d:7004", "c:7003"});
  ring.remove("y");
  EXPECT_EQ(owners_of_all(ring), owners_of_all(straight))
      << "the same five are there, though x and y have been, and d has left and returned";
}

// A service that is added twice is there once, and removed at once.
STEP_TEST(2, Points, AreAddedOnce, "order dependence") {
  HashRing<> ring;
  add_all(ring, {"a", "b", "a"});
  EXPECT_EQ(ring.size(), 2U);
  ring.remove("a");
  EXPECT_EQ(ring.size(), 1U);
  EXPECT_EQ(count_of(owners_of_all(ring)).count("a"), 0U) << "a has been removed";
}

// Where points share a place, removing one service keeps the other's.
STEP_TEST(2, Movement, KeepsANeighbourAtTheSamePlace, "least movement") {
  HashRing<AsItSays> ring(3);
  add_all(ring, {"7", "07", "20"});  // two of them at 7
  ring.remove("7");
  EXPECT_EQ(owner(ring, "5"), "07") << "7 was removed, and 07 stays where it is";
  ring.add("7");
  ring.remove("07");
  EXPECT_EQ(owner(ring, "5"), "7") << "07 was removed, and 7 stays where it is";
}

// The last one that leaves leaves an empty ring; one that is not there changes nothing.
STEP_TEST(2, Movement, TheLastOneMayLeave, "lost key") {
  HashRing<> ring;
  ring.add("a");
  ring.remove("b");
  EXPECT_EQ(owner(ring, "user:1"), "a");
  ring.remove("a");
  EXPECT_EQ(ring.owner("user:1"), nullptr);
  EXPECT_EQ(ring.size(), 0U);
}

// A name may be passed that the ring itself has given.
STEP_TEST(2, Movement, MayNameTheOwnersOwnString, "lost key") {
  HashRing<> ring;
  add_all(ring, {"a", "b"});
  for (int left = 2; left > 0; --left) ring.remove(*ring.owner("user:1"));
  EXPECT_EQ(ring.size(), 0U);
}

// --- Step 3: the ones after it --------------------------------------------------------

// The owner first, then others, none twice; all of them if more are wanted than there are.
STEP_TEST(3, Owners, AreDifferent, "failover") {
  HashRing<> ring;
  add_all(ring, five);
  for (int i = 0; i < 1000; ++i) {
    for (std::size_t count = 1; count <= 7; ++count) {
      const auto owners = ring.owners(key(i), count);
      ASSERT_EQ(owners.size(), std::min<std::size_t>(count, 5)) << "of five services";
      ASSERT_EQ(owners[0], owner(ring, key(i))) << "the owner comes first";
      ASSERT_EQ(std::set<std::string>(owners.begin(), owners.end()).size(), owners.size())
          << "a service comes twice";
    }
  }
  EXPECT_TRUE(ring.owners("user:1", 0).empty());
}

// The second is the one that gets the key when the first is gone: who looks there finds it.
STEP_TEST(3, Owners, TheSecondInheritsFromTheFirst, "failover") {
  HashRing<> ring;
  add_all(ring, five);
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> by_first;
  for (int i = 0; i < 2000; ++i) {
    const auto owners = ring.owners(key(i), 2);
    ASSERT_EQ(owners.size(), 2U);
    by_first[owners[0]].emplace_back(key(i), owners[1]);
  }
  for (const auto& [first, inherited] : by_first) {
    ring.remove(first);
    for (const auto& [name, second] : inherited) {
      ASSERT_EQ(owner(ring, name), second)
          << name << " was " << first << "'s, which left";
    }
    ring.add(first);
  }
}

// Beyond the last point too.
STEP_TEST(3, Owners, GoOnAfterTheLastPoint, "failover") {
  HashRing<AsItSays> ring(2);
  add_all(ring, {"10", "20", "30"});
  using Names = std::vector<std::string>;
  EXPECT_EQ(ring.owners("25", 3), (Names{"30", "10", "20"}));
  EXPECT_EQ(ring.owners("31", 2), (Names{"10", "20"}));
}

// An empty ring has none.
STEP_TEST(3, Owners, OfAnEmptyRingAreNone, "failover") {
  const HashRing<> ring;
  EXPECT_TRUE(ring.owners("user:1", 3).empty());
}

// --- Step 4: points -------------------------------------------------------------------

// Each service gets about its share of the keys, by its many points.
STEP_TEST(4, Points, SpreadTheKeys, "virtual node") {
  for (const std::size_t services : {2U, 3U, 5U}) {
    HashRing<> ring;
    for (std::size_t i = 0; i < services; ++i) ring.add(five[i]);
    const double share = static_cast<double>(keys) / static_cast<double>(services);
    const auto counts = count_of(owners_of_all(ring));
    EXPECT_EQ(counts.size(), services) << "services that have a key";
    for (const auto& [service, count] : counts) {
      EXPECT_NEAR(count, share, 0.25 * share)
          << "keys of " << keys << " that " << service << ", one of " << services
          << " services, has";
    }
  }
}

// More points, more even: as many as were asked for.
STEP_TEST(4, Points, AreAsManyAsWereAskedFor, "virtual node") {
  const auto worst = [](std::size_t points) {
    HashRing<> ring(points);
    add_all(ring, five);
    int most = 0;
    for (const auto& [service, count] : count_of(owners_of_all(ring))) {
      most = std::max(most, count);
    }
    return most;
  };
  EXPECT_GT(worst(1), worst(2000)) << "keys that the fullest has: 1 point, then 2,000";
  EXPECT_NEAR(worst(2000), keys / 5, 0.06 * keys / 5);
}

// Who owns what depends on which services there are, not on who came first.
STEP_TEST(4, Points, DoNotDependOnTheOrder, "order dependence") {
  HashRing<AsItSays> two(3);
  add_all(two, {"7", "07"});  // both at 7
  EXPECT_EQ(owner(two, "5"), "07")
      << "of two at one place the one whose name comes first";
  std::vector<std::string> order{"a:7001", "b:7002", "c:7003", "d:7004"};
  HashRing<> first;
  HashRing<Crowded> first_crowded(3);
  add_all(first, order);
  add_all(first_crowded, order);
  const auto owners = owners_of_all(first);
  const auto crowded_owners = owners_of_all(first_crowded);
  while (std::next_permutation(order.begin(), order.end())) {
    HashRing<> ring(256);
    add_all(ring, order);
    ASSERT_EQ(owners_of_all(ring), owners) << "added in the order " << order[0] << " "
                                           << order[1] << " " << order[2] << " …";
    HashRing<Crowded> crowded(3);
    add_all(crowded, order);
    ASSERT_EQ(owners_of_all(crowded), crowded_owners)
        << "services whose points share a place, added in the order " << order[0] << " "
        << order[1] << " " << order[2] << " …";
  }
}

// Names that begin alike have places that differ.
STEP_TEST(4, Points, OfSimilarNamesDiffer, "virtual node") {
  HashRing<> ring;
  add_all(ring, {"s1", "s11", "s111"});
  const auto counts = count_of(owners_of_all(ring));
  for (const auto& [service, count] : counts) {
    EXPECT_NEAR(count, keys / 3, 0.25 * keys / 3) << "keys of " << service;
  }
}

}  // namespace
