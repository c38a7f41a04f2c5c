// Tests of the two references: the vector whose versions stay, and the place where the
// newest is found. Each opens with its property.
#include "persistent_structures.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "atomic_root.hpp"
#include "course/records.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;

// --- The vector, without threads ------------------------------------------------------

PersistentVector<int> counting_to(int size) {
  PersistentVector<int> vector;
  for (int value = 0; value < size; ++value) vector = vector.push_back(value);
  return vector;
}

// Elements come back as they were put, across each size at which a level is added.
TEST(PersistentVector, KeepsWhatIsAppended) {
  for (const int size : {0, 1, 31, 32, 33, 1023, 1024, 1025, 32 * 1024 + 1}) {
    const PersistentVector<int> vector = counting_to(size);
    ASSERT_EQ(vector.size(), static_cast<std::size_t>(size));
    for (int index = 0; index < size; ++index) {
      ASSERT_EQ(vector[static_cast<std::size_t>(index)], index) << "of " << size;
    }
  }
}

// An update leaves the version it was called on as it was.
TEST(PersistentVector, AnUpdateLeavesTheOldVersion) {
  const PersistentVector<int> before = counting_to(1025);
  const PersistentVector<int> changed = before.set(40, -1);
  const PersistentVector<int> longer = before.push_back(-2);
  EXPECT_EQ(before[40], 40);
  EXPECT_EQ(before.size(), 1025U);
  EXPECT_EQ(changed[40], -1);
  EXPECT_EQ(changed[41], 41);
  EXPECT_EQ(changed.size(), 1025U);
  EXPECT_EQ(longer[1025], -2);
  EXPECT_EQ(longer[40], 40);
}

// Two versions made of the same one know nothing of each other.
TEST(PersistentVector, VersionsBranch) {
  const PersistentVector<int> before = counting_to(32);
  const PersistentVector<int> left = before.push_back(1);
  const PersistentVector<int> right = before.push_back(2);
  EXPECT_EQ(left[32], 1);
  EXPECT_EQ(right[32], 2);
}

// An update shares what it does not touch: the elements are the same objects.
TEST(PersistentVector, SharesWhatDidNotChange) {
  const PersistentVector<int> before = counting_to(1024);
  const PersistentVector<int> after = before.set(40, -1);
  EXPECT_EQ(&before[0], &after[0]);
  EXPECT_EQ(&before[1000], &after[1000]);
  EXPECT_NE(&before[41], &after[41]) << "element 41 is in the leaf that was copied";
}

// A push_back that adds a level makes each of its nodes once: root, branch and leaf.
TEST(PersistentVector, AppendsALevelWithThreeNodes) {
  explore([] {
    const PersistentVector<int> full = counting_to(1024);
    const interleave::Cost cost("append");
    const PersistentVector<int> longer = full.push_back(-1);
    check(!interleave::explores_schedules() || cost.counts().allocations == 3,
          "each new node is one allocation");
    check(longer.size() == 1025, "the element must be there");
  });
}

// An element lives as long as one version that holds it.
TEST(PersistentVector, LetsGoOfElementsWithTheLastVersion) {
  const auto value = std::make_shared<int>(7);
  auto before = PersistentVector<std::shared_ptr<int>>().push_back(value);
  {
    const auto after = before.set(0, nullptr);
    EXPECT_EQ(value.use_count(), 2);
    before = {};
  }
  EXPECT_EQ(value.use_count(), 1);
}

// Random updates, mostly of the newest version, at times of an older one: every version
// equals its model.
TEST(PersistentVector, EveryVersionEqualsItsModel) {
  struct Pair {
    PersistentVector<int> version;
    std::vector<int> model;
  };
  SCOPED_TRACE("seed " + std::to_string(course::seed()));
  std::mt19937_64 random(course::seed());
  std::vector<Pair> pairs(1);
  for (int update = 0; update < 2000; ++update) {
    Pair next = random() % 50 == 0 ? pairs[random() % pairs.size()] : pairs.back();
    if (next.model.empty() || random() % 3 != 0) {
      next = {next.version.push_back(update), next.model};
      next.model.push_back(update);
    } else {
      const std::size_t index = random() % next.model.size();
      next.version = next.version.set(index, update);
      next.model[index] = update;
    }
    pairs.push_back(std::move(next));
  }
  for (const Pair& pair : pairs) {
    ASSERT_EQ(pair.version.size(), pair.model.size());
    for (std::size_t index = 0; index < pair.model.size(); ++index) {
      ASSERT_EQ(pair.version[index], pair.model[index]);
    }
  }
}

// --- The vector, with threads ---------------------------------------------------------

// A reader's version stays as it is while another thread makes the next ones of it.
TEST(PersistentVector, AReadersVersionNeverChanges) {
  explore([] {
    const PersistentVector<int> version = counting_to(33);
    std::jthread writer([&] {
      PersistentVector<int> next = version.set(1, -1).push_back(33);
      check(next[1] == -1 && next.size() == 34, "the writer's version must hold both");
    });
    check(version[1] == 1, "the reader's version changed");
    check(version.size() == 33 && version[32] == 32, "the reader's version grew");
  });
}

// Versions that share nodes may be dropped by several threads: each node is freed once.
TEST(PersistentVector, VersionsAreDroppedByAnyThread) {
  explore([] {
    auto first = std::make_unique<PersistentVector<int>>(counting_to(33));
    auto second = std::make_unique<PersistentVector<int>>(first->set(0, -1));
    std::jthread worker([version = std::move(first)]() mutable {
      check((*version)[32] == 32, "a shared node changed");
      version.reset();
    });
    check((*second)[32] == 32, "a shared node changed");
    second.reset();
  });
}

// --- The root -------------------------------------------------------------------------

struct Pair {
  int left;
  int right;
};
using Root = AtomicRoot<Pair>;

std::shared_ptr<const Pair> twice(int value) {
  return std::make_shared<const Pair>(Pair{value, value});
}

// Readers see a whole version, an old one or a new one.
TEST(AtomicRoot, ALoadSeesAWholeVersion) {
  explore([] {
    Root root(twice(1));
    std::jthread writer([&] { root.store(twice(2)); });
    const auto seen = root.load();
    check(seen->left == seen->right, "half of a version was seen");
    check(root.load()->left >= seen->left, "a later load saw an older version");
  });
}

// What a reader holds stays, however often it is replaced meanwhile; what no reader holds
// is freed (the explorer counts).
TEST(AtomicRoot, AVersionLivesWhileSomebodyHoldsIt) {
  explore([] {
    Root root(twice(1));
    std::jthread reader([&] {
      const auto seen = root.load();
      check(seen->left == seen->right, "the version was freed, or changed");
    });
    root.store(twice(2));
    root.store(twice(3));
  });
}

// Of two stores at once one comes last, and every version but that one is freed.
TEST(AtomicRoot, TwoStores) {
  explore([] {
    Root root(twice(0));
    {
      std::jthread writer([&] { root.store(twice(1)); });
      root.store(twice(2));
    }
    const auto last = root.load();
    check(last->left == 1 || last->left == 2, "neither of the two stores came last");
    check(last.use_count() == 2, "the root and this thread own the version");
  });
}

// Of two that build upon the same version one succeeds; the other learns what is there.
TEST(AtomicRoot, OneOfTwoReplaces) {
  explore([] {
    Root root(twice(0));
    const auto first = root.load();
    bool replaced = false;
    bool other_replaced = false;
    {
      std::jthread writer([&] {
        auto expected = first;
        replaced = root.compare_exchange(expected, twice(1));
        check(expected->left == (replaced ? 0 : 2),
              "told another version than the current");
      });
      auto expected = first;
      other_replaced = root.compare_exchange(expected, twice(2));
      check(expected->left == (other_replaced ? 0 : 1),
            "told another version than the current");
    }
    check(replaced != other_replaced, "exactly one must replace the first version");
    check(root.load()->left == (replaced ? 1 : 2), "the one that replaced must be there");
  });
}

// A look lasts as long as the version: two readers look while a writer replaces it, and the
// box is deleted once, and not too early.
TEST(AtomicRoot, TwoReadersAndAWriter) {
  explore([] {
    Root root(twice(1));
    const auto look = [&root] {
      Root::Reader reader(root);
      check(reader.read([](const Pair& seen) { return seen.left == seen.right; }),
            "half of a version was seen, or one that was freed");
    };
    std::jthread reader(look);
    std::jthread other(look);
    auto expected = root.load();
    check(root.compare_exchange(expected, twice(2)), "no other thread replaces here");
  });
}

// A reader that looks across two stores keeps its version; the next store frees it.
TEST(AtomicRoot, ALongLookKeepsItsVersion) {
  Root root(twice(1));
  const std::weak_ptr<const Pair> first = root.load();
  {
    Root::Reader reader(root);
    reader.read([&](const Pair& seen) {
      root.store(twice(2));
      root.store(twice(3));
      EXPECT_FALSE(first.expired()) << "the version was freed during the look";
      EXPECT_EQ(seen.left, 1);
      return 0;
    });
  }
  root.store(twice(4));
  EXPECT_TRUE(first.expired()) << "the version was not freed after the look";
}

// A seat serves one reader after another: a version that is no longer looked at is freed.
TEST(AtomicRoot, SeatsAreUsedAgain) {
  Root root(twice(1));
  for (int load = 0; load < 70'000; ++load) ASSERT_EQ(root.load()->left, 1);
  const std::weak_ptr<const Pair> first = root.load();
  root.store(twice(2));
  EXPECT_TRUE(first.expired()) << "the version that was replaced was not freed";
}

}  // namespace
