// Tests of exercise 3.1. Each opens with its property. Most need no second thread: what
// shares nothing that changes has no schedule to get wrong. Where threads meet, at the count
// of a node's owners, `explore` looks for the schedule that breaks it.
#include <algorithm>
#include <cctype>
#include <compare>
#include <cstddef>
#include <cstdlib>
#include <map>
#include <memory>
#include <persistent_map.hpp>  // in <>, so that the include path decides whose it is
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "course/records.hpp"
#include "course/step_test.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;

using Map = PersistentMap<int, int>;

// The map with a key for each of `keys`, inserted in their order, each with itself as its
// value.
Map map_of(const std::vector<int>& keys) {
  Map map;
  for (const int key : keys) map = map.insert(key, key);
  return map;
}

// What `map` has at `key`, as text, so that nothing is a value too.
std::string at(const Map& map, int key) {
  const int* const value = map.find(key);
  return value == nullptr ? "nothing" : std::to_string(*value);
}

std::vector<int> counting_to(int size) {
  std::vector<int> keys;
  for (int key = 0; key < size; ++key) keys.push_back(key);
  return keys;
}

// Whether `map` holds what `model` holds, as far as keys below `keys` go.
void expect_equal(const Map& map, const std::map<int, int>& model, int keys) {
  ASSERT_EQ(map.size(), model.size());
  for (int key = 0; key < keys; ++key) {
    const auto there = model.find(key);
    const int* const found = map.find(key);
    ASSERT_EQ(found != nullptr, there != model.end()) << "key " << key;
    if (found != nullptr) {
      ASSERT_EQ(*found, there->second) << "key " << key;
    }
  }
}

// What was inserted is found, what was not is not.
STEP_TEST(1, PersistentMap, FindsWhatWasInserted, "path") {
  const Map map = map_of({4, 2, 6, 1, 3});
  EXPECT_EQ(map.size(), 5U);
  for (const int key : {1, 2, 3, 4, 6}) EXPECT_EQ(at(map, key), std::to_string(key));
  for (const int key : {0, 5, 7}) EXPECT_EQ(at(map, key), "nothing") << "key " << key;
  EXPECT_EQ(Map().find(1), nullptr) << "an empty map holds nothing";
}

// A key that is there gets the new value, in the new version.
STEP_TEST(1, PersistentMap, ReplacesAValue, "path") {
  const Map map = map_of({4, 2, 6}).insert(2, -2).insert(4, -4);
  EXPECT_EQ(map.size(), 3U);
  EXPECT_EQ(at(map, 2), "-2");
  EXPECT_EQ(at(map, 4), "-4");
  EXPECT_EQ(at(map, 6), "6");
}

// A name, whose case matters to `==` and not to `<`.
struct Name {
  std::string text;

  bool operator==(const Name&) const = default;
  bool operator<(const Name& other) const {
    return std::lexicographical_compare(
        text.begin(), text.end(), other.text.begin(), other.text.end(),
        [](char left, char right) { return std::tolower(left) < std::tolower(right); });
  }
};

// Keys are compared by `<` alone: where neither is less, they are one key.
STEP_TEST(1, PersistentMap, ComparesByLessAlone, "path") {
  const auto map = PersistentMap<Name, int>().insert({"Ada"}, 1).insert({"Bob"}, 2);
  const int* const found = map.find({"ADA"});
  ASSERT_NE(found, nullptr) << "neither of Ada and ADA is less: they are one key";
  EXPECT_EQ(*found, 1);
  EXPECT_EQ(map.insert({"BOB"}, 3).size(), 2U) << "BOB takes Bob's place";
}

// An update leaves the version it was called on as it was, below and above the change.
STEP_TEST(4, PersistentMap, AnUpdateLeavesTheOldVersion, "immutability") {
  const Map before = map_of({4, 2, 6, 1, 3});
  const Map longer = before.insert(7, 7);
  const Map changed = before.insert(3, -3).insert(4, -4);
  EXPECT_EQ(before.size(), 5U) << "an insert changed the size of the version before it";
  EXPECT_EQ(at(before, 7), "nothing") << "a key came into the version before it";
  EXPECT_EQ(at(before, 3), "3") << "a value changed in the version before";
  EXPECT_EQ(at(before, 4), "4") << "a value changed in the version before";
  EXPECT_EQ(at(longer, 7), "7") << "the new version must have the new key";
  EXPECT_EQ(at(longer, 3), "3") << "a value changed in another version";
  EXPECT_EQ(at(changed, 3), "-3") << "the new version must have the new value";
}

// An update shares what it does not touch: the values are the same objects.
STEP_TEST(5, PersistentMap, SharesWhatDidNotChange, "structural sharing") {
  const Map before = map_of({4, 2, 6, 1, 3});
  const Map after = before.insert(7, 7);
  for (const int key : {1, 2, 3}) {
    EXPECT_EQ(before.find(key), after.find(key)) << "key " << key << " was copied";
  }
}

// A value that is replaced at the root costs one node: both subtrees are shared.
STEP_TEST(5, PersistentMap, CostOfReplacingTheRoot, "structural sharing") {
  explore([] {
    const Map before = map_of({4, 2, 6, 1, 3, 5, 7});
    const interleave::Cost cost("replace the root's value");
    const Map after = before.insert(4, -4);
    check(at(after, 4) == "-4" && after.find(7) == before.find(7),
          "the root's value must be new, all else shared");
  });
}

// An erase, too, shares what it does not touch.
STEP_TEST(5, PersistentMap, AnEraseShares, "structural sharing") {
  const Map before = map_of({4, 2, 6, 1, 3, 7});
  const Map after = before.erase(7);
  for (const int key : {1, 2, 3}) {
    EXPECT_EQ(before.find(key), after.find(key)) << "key " << key << " was copied";
  }
}

// Random inserts, mostly into the newest version, at times into an older one: every version
// equals its model.
STEP_TEST(4, PersistentMap, EveryVersionEqualsItsModel, "immutability") {
  SCOPED_TRACE("seed " + std::to_string(course::seed()));
  std::mt19937_64 random(course::seed());
  constexpr int keys = 60;
  std::vector<std::pair<Map, std::map<int, int>>> versions(1);
  for (int update = 0; update < 300; ++update) {
    auto [map, model] =
        random() % 20 == 0 ? versions[random() % versions.size()] : versions.back();
    const int key = static_cast<int>(random() % keys);
    map = map.insert(key, update);
    model[key] = update;
    versions.emplace_back(std::move(map), std::move(model));
  }
  for (const auto& [map, model] : versions) expect_equal(map, model, keys);
}

// A reader's version stays as it is while another thread makes the next ones of it.
STEP_TEST(4, PersistentMap, AReadersVersionNeverChanges, "immutability") {
  explore([] {
    const Map version = map_of({4, 2, 6});
    std::jthread writer([&] {
      const Map next = version.insert(2, -2).insert(7, 7);
      check(at(next, 2) == "-2" && next.size() == 4,
            "the writer's version must hold both");
    });
    check(at(version, 2) == "2", "the reader's version changed");
    check(version.size() == 3 && version.find(7) == nullptr, "the reader's version grew");
  });
}

// The keys from 1 to 255 in the order of their levels in a balanced tree: 128, 64, 192, …
std::vector<int> level_by_level() {
  std::vector<int> keys;
  for (int gap = 128; gap > 0; gap /= 2) {
    for (int key = gap; key < 256; key += 2 * gap) keys.push_back(key);
  }
  return keys;
}

// An insert makes the nodes on the way down to the key, and no others. The keys come in an
// order that needs no balancing.
STEP_TEST(5, PersistentMap, CostOfAnInsert, "path") {
  explore([] {
    const Map map = map_of(level_by_level());
    const interleave::Cost cost("insert");
    const Map next = map.insert(256, 256);
    check(next.size() == 256 && next.find(256) != nullptr, "the key must be there");
  });
}

// An erase makes the nodes on the way down to the key, and no others.
STEP_TEST(5, PersistentMap, CostOfAnErase, "path") {
  explore([] {
    const Map map = map_of(level_by_level());
    const interleave::Cost cost("erase");
    const Map next = map.erase(255);
    check(next.size() == 254 && next.find(255) == nullptr, "the key must be gone");
  });
}

// The most that an AVL tree of this size may be high. The smallest one that is h high has
// a root and two smallest ones, h - 1 and h - 2 high.
int height_limit(std::size_t size) {
  std::size_t smallest = 0;
  std::size_t next_smallest = 1;
  int height = 0;
  while (next_smallest <= size) {
    smallest = std::exchange(next_smallest, 1 + smallest + next_smallest);
    ++height;
  }
  return height;
}

// Whether a tree of `size` keys may be `height` high, with a message in words if not.
testing::AssertionResult low_enough(const char*, const char*, int height,
                                    std::size_t size) {
  const int limit = height_limit(size);
  if (height <= limit) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "height " << height << " with keys: " << size
                                     << "; at most " << limit << " allowed";
}

// In whatever order the keys come, the tree stays low, after each insert.
STEP_TEST(2, PersistentMap, StaysBalanced, "balance") {
  constexpr int size = 200;
  std::vector<int> rising = counting_to(size);
  std::vector<int> falling(rising.rbegin(), rising.rend());
  std::vector<int> from_both_ends;
  for (int i = 0; i < size / 2; ++i) {
    from_both_ends.push_back(i);
    from_both_ends.push_back(size - 1 - i);
  }
  for (const auto& keys : {rising, falling, from_both_ends}) {
    Map map;
    for (const int key : keys) {
      map = map.insert(key, key);
      ASSERT_PRED_FORMAT2(low_enough, map.height(), map.size())
          << "the last key was " << key;
    }
    for (const int key : keys) ASSERT_NE(map.find(key), nullptr) << "lost key " << key;
    ASSERT_EQ(map.size(), static_cast<std::size_t>(size));
  }
}

// The pairs of keys that were compared, in their order.
std::vector<std::pair<int, int>> comparisons;

// A key that notes what it is compared with, so that `find` shows its way down.
struct NotedKey {
  int number;

  std::strong_ordering operator<=>(const NotedKey& other) const {
    comparisons.emplace_back(number, other.number);
    return number <=> other.number;
  }
  bool operator==(const NotedKey& other) const { return (*this <=> other) == 0; }
};
using NotedMap = PersistentMap<NotedKey, int>;

// The keys that `find` meets before it comes to `key`, the root's first.
std::vector<int> way_to(int key, const NotedMap& map) {
  comparisons.clear();
  EXPECT_NE(map.find(NotedKey{key}), nullptr) << "lost key " << key;
  std::vector<int> way;
  for (const auto& [left, right] : comparisons) {
    const int met = left == key ? right : left;
    if (met == key) break;
    if (std::find(way.begin(), way.end(), met) == way.end()) way.push_back(met);
  }
  return way;
}

// Whether the subtrees of each node of `map`, which holds `keys`, differ in height by 1 at
// most, and height() is the height: of the tree as `find` sees it.
testing::AssertionResult balanced_everywhere(const char*, const char*,
                                             const NotedMap& map,
                                             const std::set<int>& keys) {
  struct Heights {
    int left = 0;
    int right = 0;
  };
  std::map<int, Heights> below;
  int height = 0;
  for (const int key : keys) {
    int distance = 0;
    std::vector<int> way = way_to(key, map);
    for (; !way.empty(); way.pop_back()) {
      Heights& heights = below[way.back()];
      int& side = key < way.back() ? heights.left : heights.right;
      side = std::max(side, ++distance);
    }
    height = std::max(height, distance + 1);
  }
  for (const auto& [key, heights] : below) {
    if (std::abs(heights.left - heights.right) <= 1) continue;
    return testing::AssertionFailure()
           << "the subtrees of key " << key << " are " << heights.left << " and "
           << heights.right << " high: they may differ by 1 at most";
  }
  if (map.height() == height) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << "height() is " << map.height()
         << ", and the nodes on the longest way down are " << height;
}

// Random inserts: after each, the two subtrees of every node are about as high.
STEP_TEST(2, PersistentMap, EveryNodeIsBalanced, "balance") {
  SCOPED_TRACE("seed " + std::to_string(course::seed()));
  std::mt19937_64 random(course::seed());
  NotedMap map;
  std::set<int> keys;
  for (int update = 0; update < 150; ++update) {
    const int key = static_cast<int>(random() % 1000);
    map = map.insert(NotedKey{key}, update);
    keys.insert(key);
    ASSERT_PRED_FORMAT2(balanced_everywhere, map, keys) << "after insert(" << key << ")";
  }
}

// A rotation makes new nodes: every version on the way keeps its keys and its height.
STEP_TEST(4, PersistentMap, ARotationLeavesTheOldVersion, "immutability") {
  std::vector<Map> versions(1);
  std::vector<int> heights(1);
  constexpr int size = 40;
  for (int i = 0; i < size; ++i) {
    const int key = i % 2 == 0 ? i : size - i;  // 0, 39, 2, 37, …: each kind of rotation
    versions.push_back(versions.back().insert(key, key));
    heights.push_back(versions.back().height());
  }
  for (int keys = 0; keys <= size; ++keys) {
    const Map& version = versions[static_cast<std::size_t>(keys)];
    ASSERT_EQ(version.height(), heights[static_cast<std::size_t>(keys)]);
    for (int i = 0; i < size; ++i) {
      const int key = i % 2 == 0 ? i : size - i;
      ASSERT_EQ(version.find(key) != nullptr, i < keys)
          << "key " << key << " in the version of size " << keys;
    }
  }
}

// The way down is short, even if the keys came in order.
STEP_TEST(2, PersistentMap, CostOfAnInsertInOrder, "balance") {
  explore([] {
    const Map map = map_of(counting_to(255));
    check(map.height() > 0, "a map with keys has a height");
    const interleave::Cost cost("insert in order");
    const Map next = map.insert(255, 255);
    check(next.size() == 256 && next.find(255) != nullptr, "the key must be there");
  });
}

// The key is gone, all others are there, whatever the node had below it.
STEP_TEST(2, PersistentMap, ErasesWhatIsThere, "path") {
  const std::vector<int> keys = {4, 2, 6, 1, 3, 5, 7, 8};
  for (const int erased : keys) {
    const Map after = map_of(keys).erase(erased);
    EXPECT_EQ(after.size(), keys.size() - 1);
    for (const int key : keys) {
      EXPECT_EQ(after.find(key) != nullptr, key != erased)
          << "key " << key << " after erase(" << erased << ")";
    }
  }
}

// An erase leaves the version it was called on as it was.
STEP_TEST(4, PersistentMap, AnEraseLeavesTheOldVersion, "immutability") {
  const std::vector<int> keys = {4, 2, 6, 1, 3, 5, 7, 8};
  const Map before = map_of(keys);
  for (const int erased : keys) {
    const Map after = before.erase(erased);
    EXPECT_EQ(after.size(), keys.size() - 1);
    EXPECT_EQ(before.size(), keys.size()) << "erase changed the version before it";
    for (const int key : keys) {
      EXPECT_NE(before.find(key), nullptr)
          << "erase(" << erased << ") took key " << key << " from the version before it";
    }
  }
}

// Erasing what is not there gives the same elements; erasing the last gives none.
STEP_TEST(2, PersistentMap, ErasesNothing, "path") {
  const Map map = map_of({1, 2});
  EXPECT_EQ(map.erase(3).size(), 2U);
  EXPECT_EQ(map.erase(1).erase(2).size(), 0U);
  EXPECT_EQ(Map().erase(1).size(), 0U);
}

// In whatever order seven keys go, the tree stays low after each erase.
STEP_TEST(2, PersistentMap, StaysBalancedWhenErasing, "balance") {
  const Map full = map_of({4, 2, 6, 1, 3, 5, 7});
  std::vector<int> order = {1, 2, 3, 4, 5, 6, 7};
  do {
    Map map = full;
    for (const int key : order) {
      map = map.erase(key);
      ASSERT_PRED_FORMAT2(low_enough, map.height(), map.size())
          << "erased of 1 to 7 in the order " << testing::PrintToString(order)
          << ", the last was " << key;
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

// Random inserts and erases: after each, the two subtrees of every node are about as high.
STEP_TEST(2, PersistentMap, EveryNodeIsBalancedAfterErasing, "balance") {
  SCOPED_TRACE("seed " + std::to_string(course::seed()));
  std::mt19937_64 random(course::seed());
  NotedMap map;
  std::set<int> keys;
  for (int update = 0; update < 5000; ++update) {
    const int key = static_cast<int>(random() % 30);
    const bool erases = keys.contains(key);
    if (erases) {
      map = map.erase(NotedKey{key});
      keys.erase(key);
    } else {
      map = map.insert(NotedKey{key}, update);
      keys.insert(key);
    }
    ASSERT_PRED_FORMAT2(balanced_everywhere, map, keys)
        << "after " << (erases ? "erase(" : "insert(") << key << ")";
  }
}

// Random inserts and erases: every version equals its model.
STEP_TEST(4, PersistentMap, EveryVersionAfterErasingEqualsItsModel, "immutability") {
  SCOPED_TRACE("seed " + std::to_string(course::seed()));
  std::mt19937_64 random(course::seed());
  constexpr int keys = 80;
  Map map = map_of(counting_to(keys));
  std::map<int, int> model;
  for (const int key : counting_to(keys)) model[key] = key;
  std::vector<std::pair<Map, std::map<int, int>>> versions;
  for (int update = 0; update < 300; ++update) {
    const int key = static_cast<int>(random() % keys);
    if (random() % 4 == 0) {
      map = map.insert(key, update);
      model[key] = update;
    } else {
      map = map.erase(key);
      model.erase(key);
    }
    if (update % 10 == 0) versions.emplace_back(map, model);
  }
  for (const auto& [version, its_model] : versions) {
    expect_equal(version, its_model, keys);
  }
}

using MapHistory = History<Map>;

// The newest version comes first; undo gives the one before, and may be undone otherwise.
STEP_TEST(3, History, GoesBackVersionByVersion, "immutability") {
  const MapHistory first = MapHistory().add(map_of({1}));
  const MapHistory second = first.add(first.newest().insert(2, 2));
  const MapHistory other = second.undo().add(first.newest().insert(3, 3));
  EXPECT_EQ(second.newest().size(), 2U);
  EXPECT_EQ(second.undo().newest().size(), 1U);
  EXPECT_TRUE(second.undo().undo().empty());
  EXPECT_NE(second.newest().find(2), nullptr);
  EXPECT_EQ(other.newest().find(2), nullptr);
  EXPECT_NE(other.newest().find(3), nullptr);
}

// A version is freed with the last history that reaches it, and not before.
STEP_TEST(3, History, FreesWhatIsOutOfReach, "lifetime") {
  const auto version = std::make_shared<int>(7);
  using Pointers = History<std::shared_ptr<int>>;
  Pointers longer;
  {
    const Pointers first = Pointers().add(version);
    longer = first.add(nullptr);
    EXPECT_EQ(version.use_count(), 2) << "histories share their past";
  }
  EXPECT_EQ(version.use_count(), 2) << "the longer history still reaches the version";
  EXPECT_EQ(longer.undo().newest(), version);
  longer = Pointers();
  EXPECT_EQ(version.use_count(), 1) << "the version is out of reach";
}

// The end of a history of a million versions needs no more stack than that of three.
STEP_TEST(3, History, AMillionLinksEnd, "deep recursion") {
  History<int> history;
  for (int version = 0; version < 1'000'000; ++version) history = history.add(version);
  EXPECT_EQ(history.newest(), 999'999);
  history = History<int>();
  EXPECT_TRUE(history.empty());
}

// Two threads let go of the same past: each link is freed once, after both have read it.
STEP_TEST(3, History, TwoThreadsLetGo, "lifetime") {
  explore([] {
    auto mine = std::make_unique<History<int>>(History<int>().add(1));
    auto other = std::make_unique<History<int>>(mine->add(2));
    std::jthread worker([history = std::move(other)]() mutable {
      check(history->undo().newest() == 1, "a link changed or was freed");
      history.reset();
    });
    check(mine->newest() == 1, "a link changed or was freed");
    mine.reset();
  });
}

}  // namespace
