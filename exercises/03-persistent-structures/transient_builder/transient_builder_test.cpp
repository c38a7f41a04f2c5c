// Tests of exercise 3.3. Each opens with its property. A builder belongs to one thread, so
// most need no second one; where builders and readers share nodes, `explore` looks for the
// schedule that breaks it.
#include <cstddef>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <transient_builder.hpp>  // in <>, so that the include path decides whose it is
#include <utility>
#include <vector>

#include "course/records.hpp"
#include "course/step_test.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;

using Frozen = FrozenVector<int>;
using Builder = TransientBuilder<int>;

void append(Builder& builder, int size) {
  for (int value = 0; value < size; ++value) builder.push_back(value);
}

// Sets each of the first `size` elements to its index, negated.
void negate_all(Builder& builder, int size) {
  for (int index = 0; index < size; ++index) {
    builder.set(static_cast<std::size_t>(index), -index);
  }
}

Frozen counting_to(int size) {
  Builder builder;
  append(builder, size);
  return builder.freeze();
}

// `start` with `value` at `index`.
Frozen changed(const Frozen& start, std::size_t index, int value) {
  Builder builder(start);
  builder.set(index, value);
  return builder.freeze();
}

// What is wrong with `vector` if each of its `size` elements should be its index times
// `factor`, in words; empty if nothing is.
template <typename Vector>
std::string wrong_in(const Vector& vector, int size, int factor = 1) {
  if (vector.size() != static_cast<std::size_t>(size)) {
    return "size() is " + std::to_string(vector.size()) + ", not " + std::to_string(size);
  }
  for (int index = 0; index < size; ++index) {
    const int element = vector[static_cast<std::size_t>(index)];
    if (element == index * factor) continue;
    return "element " + std::to_string(index) + " of " + std::to_string(size) + " is " +
           std::to_string(element) + ", not " + std::to_string(index * factor);
  }
  return "";
}

// Fails with `otherwise`, and `wrong` after it, unless `wrong` is empty.
testing::AssertionResult nothing_wrong(const char*, const char*, const std::string& wrong,
                                       const char* otherwise) {
  if (wrong.empty()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << otherwise << ": " << wrong;
}

// Expects each element of `vector` to be its own index. `otherwise` is what went wrong if
// not.
template <typename Vector>
void expect_counting(const Vector& vector, int size, const char* otherwise) {
  EXPECT_PRED_FORMAT2(nothing_wrong, wrong_in(vector, size), otherwise);
}

// Elements are there as they were appended, across each size at which a level is added.
STEP_TEST(1, TransientBuilder, KeepsWhatIsAppended, "path") {
  for (const int size : {0, 1, 31, 32, 33, 1023, 1024, 1025, 32 * 1024 + 1}) {
    Builder builder;
    append(builder, size);
    expect_counting(builder, size, "an appended element is not there");
  }
}

// An element that is set is the new one, all others are the old ones.
STEP_TEST(1, TransientBuilder, SetsElements, "path") {
  Builder builder;
  append(builder, 1025);
  const std::vector<std::size_t> set = {0, 31, 32, 1023, 1024};
  for (const std::size_t index : set) builder.set(index, -1);
  for (const std::size_t index : set) EXPECT_EQ(builder[index], -1);
  const std::vector<std::size_t> left_alone = {1, 30, 33, 1022};
  for (const std::size_t index : left_alone) {
    EXPECT_EQ(builder[index], static_cast<int>(index));
  }
  EXPECT_EQ(builder.size(), 1025U);
}

// A value is taken once, and whole: what was moved from is not there to be taken again.
STEP_TEST(1, TransientBuilder, TakesEachValueOnce, "path") {
  const std::string text = "a value that is too long to be copied by accident";
  TransientBuilder<std::string> builder;
  builder.push_back(text);
  EXPECT_EQ(builder[0], text);
  builder.set(0, text + "!");
  EXPECT_EQ(builder[0], text + "!");
}

// Throws when it is assigned to, while `full_`.
struct Paper {
  Paper(int first = 0) : number(first) {}
  Paper(const Paper&) = default;
  Paper& operator=(const Paper& other) {
    if (full_) throw std::runtime_error("no paper");
    number = other.number;
    return *this;
  }

  int number;
  static inline bool full_ = false;
};

// An element that cannot be stored is not appended: the size is what it was, and the builder
// works on.
STEP_TEST(1, TransientBuilder, AFailedAppendAppendsNothing, "exception safety") {
  for (const std::size_t size : {0U, 1U, 32U, 1024U}) {
    TransientBuilder<Paper> builder;
    while (builder.size() < size) builder.push_back(Paper(1));
    Paper::full_ = true;
    EXPECT_THROW(builder.push_back(Paper(7)), std::runtime_error);
    Paper::full_ = false;
    ASSERT_EQ(builder.size(), size) << "nothing was appended, and the size grew";
    builder.push_back(Paper(2));
    ASSERT_EQ(builder.size(), size + 1);
    EXPECT_EQ(builder[size].number, 2);
  }
}

// A frozen vector whose tree is full to the last slot grows like any other, and stays itself.
STEP_TEST(2, TransientBuilder, GrowsFromAFullTree, "immutability") {
  for (const int size : {32, 1024}) {
    const Frozen start = counting_to(size);
    Builder builder(start);
    builder.push_back(size);
    builder.set(0, -1);
    expect_counting(start, size, "the builder changed the vector it began with");
    EXPECT_EQ(builder[0], -1);
    EXPECT_EQ(builder[static_cast<std::size_t>(size)], size);
    EXPECT_EQ(builder[1], 1);
  }
}

// A full tree goes below the new root as it is: new are the root and the way to the new slot.
STEP_TEST(3, TransientBuilder, CostOfGrowing, "path") {
  explore([] {
    const Frozen start = counting_to(1024);
    Builder builder(start);
    const interleave::Cost cost("append to a full tree");
    builder.push_back(1024);
    check(builder[1024] == 1024 && builder[0] == 0, "all elements must be there");
  });
}

// A builder that begins with nothing makes each node once, and never a copy.
STEP_TEST(3, TransientBuilder, CostOfBuilding, "path") {
  explore([] {
    Builder builder;
    const interleave::Cost cost("build");
    append(builder, 1024);
    negate_all(builder, 1024);
    check(wrong_in(builder, 1024, -1).empty(), "an appended element is not there");
  });
}

// What is frozen holds the builder's elements.
STEP_TEST(2, TransientBuilder, FreezesItsElements, "path") {
  for (const int size : {0, 1, 33, 1025}) {
    expect_counting(counting_to(size), size, "freeze lost an element");
  }
}

// A builder may continue after freeze: the frozen vector does not notice, the builder does.
STEP_TEST(2, TransientBuilder, EditsAfterFreezingAreNotSeen, "immutability") {
  Builder builder;
  append(builder, 33);
  const Frozen frozen = builder.freeze();
  builder.set(0, -1);
  builder.set(32, -1);
  builder.push_back(33);
  expect_counting(frozen, 33, "an edit after freeze changed what was frozen");
  EXPECT_EQ(builder[0], -1);
  EXPECT_EQ(builder[1], 1);
  EXPECT_EQ(builder[33], 33);
  const Frozen second = builder.freeze();
  builder.set(0, -2);
  EXPECT_EQ(second[0], -1) << "a second freeze must hold as well as the first";
  expect_counting(frozen, 33, "an edit after freeze changed what was frozen");
}

// A builder leaves the vector it begins with as it is.
STEP_TEST(2, TransientBuilder, LeavesItsStartAsItIs, "immutability") {
  const Frozen start = counting_to(1025);
  Builder builder(start);
  for (std::size_t index = 0; index < 1025; ++index) builder.set(index, -1);
  for (int value = 0; value < 100; ++value) builder.push_back(value);
  expect_counting(start, 1025, "the builder changed the vector it began with");
  EXPECT_EQ(builder.size(), 1125U);
  EXPECT_EQ(builder[1024], -1);
}

// Two builders that begin with the same vector know nothing of each other.
STEP_TEST(2, TransientBuilder, TwoBuildersFromOneStart, "ownership") {
  const Frozen start = counting_to(33);
  Builder left(start);
  Builder right(start);
  left.set(0, -1);
  right.set(0, -2);
  left.push_back(1);
  right.push_back(2);
  EXPECT_EQ(left[0], -1);
  EXPECT_EQ(right[0], -2);
  EXPECT_EQ(left[33], 1);
  EXPECT_EQ(right[33], 2);
  expect_counting(start, 33, "a builder changed the vector it began with");
}

// A builder never takes a node of an earlier builder for its own, not even when it lies
// where that one lay.
STEP_TEST(2, TransientBuilder, BuildersOneAfterTheOther, "ownership") {
  const Frozen first = counting_to(33);
  const Frozen second = changed(first, 0, -1);
  const Frozen third = changed(second, 0, -2);
  const Frozen fourth = changed(third, 1, -3);
  expect_counting(first, 33, "a later builder changed an earlier builder's vector");
  EXPECT_EQ(second[0], -1) << "a later builder changed an earlier builder's vector";
  EXPECT_EQ(third[0], -2) << "a later builder changed an earlier builder's vector";
  EXPECT_EQ(third[1], 1) << "a later builder changed an earlier builder's vector";
  EXPECT_EQ(fourth[1], -3);
}

// Random edits and freezes, mostly of the newest vector: each frozen one equals its model.
STEP_TEST(2, TransientBuilder, EveryFrozenVectorEqualsItsModel, "ownership") {
  SCOPED_TRACE("seed " + std::to_string(course::seed()));
  std::mt19937_64 random(course::seed());
  std::vector<std::pair<Frozen, std::vector<int>>> versions(1);
  for (int batch = 0; batch < 100; ++batch) {
    const auto [start, its_model] =
        random() % 10 == 0 ? versions[random() % versions.size()] : versions.back();
    Builder builder(start);
    std::vector<int> model = its_model;
    for (int edit = 0; edit < 40; ++edit) {
      const int value = static_cast<int>(random() % 1'000'000);
      if (model.empty() || random() % 2 == 0) {
        builder.push_back(value);
        model.push_back(value);
      } else {
        const std::size_t index = random() % model.size();
        builder.set(index, value);
        model[index] = value;
      }
      if (random() % 20 == 0) versions.emplace_back(builder.freeze(), model);
    }
    versions.emplace_back(builder.freeze(), model);
  }
  for (const auto& [frozen, model] : versions) {
    ASSERT_EQ(frozen.size(), model.size());
    for (std::size_t index = 0; index < model.size(); ++index) {
      ASSERT_EQ(frozen[index], model[index]) << "element " << index;
    }
  }
}

// A reader may read a frozen vector while its builder continues.
STEP_TEST(2, TransientBuilder, AReaderBesideTheBuilder, "immutability") {
  explore([] {
    Builder builder;
    append(builder, 2);
    const Frozen frozen = builder.freeze();
    std::jthread reader([&] {
      check(frozen.size() == 2 && frozen[0] == 0 && frozen[1] == 1,
            "the frozen vector changed");
    });
    builder.set(0, -1);
    builder.push_back(2);
  });
}

// The last reader of a frozen vector lets go of it while the builder continues: that a node has
// one owner now does not mean that the others have finished reading it.
STEP_TEST(2, TransientBuilder, AReaderLetsGoBesideTheBuilder, "ownership") {
  explore([] {
    Builder builder;
    append(builder, 2);
    std::jthread reader([frozen = std::make_unique<Frozen>(builder.freeze())]() mutable {
      check((*frozen)[0] == 0 && (*frozen)[1] == 1, "the frozen vector changed");
      frozen.reset();
    });
    builder.set(0, -1);
    check(builder[0] == -1 && builder[1] == 1, "the builder must hold its change");
  });
}

// Two threads may build upon the same frozen vector at the same time.
STEP_TEST(2, TransientBuilder, TwoThreadsBuildUponOneStart, "ownership") {
  explore([] {
    const Frozen start = counting_to(2);
    std::jthread worker([&] {
      check(changed(start, 0, -1)[0] == -1, "the worker's change must be there");
    });
    check(changed(start, 0, -2)[0] == -2, "the leader's change must be there");
    check(start[0] == 0, "the vector that both began with changed");
  });
}

// A builder that begins beside this one never makes a mark come again: what was frozen under
// that mark would be changed by a later builder.
STEP_TEST(2, TransientBuilder, AMarkNeverComesAgain, "ownership") {
  explore([] {
    std::jthread worker([] { Builder().push_back(0); });
    Builder builder;
    builder.push_back(0);
    const Frozen first = builder.freeze();
    builder.set(0, -1);
    const Frozen second = builder.freeze();
    check(changed(second, 0, -2)[0] == -2, "the later builder's change must be there");
    check(first[0] == 0 && second[0] == -1,
          "a later builder changed what an earlier one had frozen");
  });
}

// A batch copies each node at most once, and freezing copies none.
STEP_TEST(3, TransientBuilder, CostOfABatch, "path") {
  explore([] {
    const Frozen start = counting_to(1024);
    const interleave::Cost cost("batch");
    Builder builder(start);
    negate_all(builder, 1024);
    check(wrong_in(builder.freeze(), 1024, -1).empty(), "a change is not there");
  });
}

}  // namespace
