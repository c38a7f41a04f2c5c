// Property: the model reports exactly the races of the execution it is told, hands
// knowledge from thread to thread only where C++20 does, and forgets what is reset.
#include "interleave/memory/memory_model.hpp"

#include <gtest/gtest.h>

namespace {

using interleave::MemoryMode;
using interleave::MemoryModel;
using interleave::MemoryOrder;
using interleave::Site;
using interleave::ThreadId;
using interleave::Value;

constexpr interleave::Address kData = 0x1000;
constexpr interleave::Address kFlag = 0x2000;
constexpr interleave::Address kLock = 0x3000;

class MemoryModelTest : public testing::TestWithParam<MemoryMode> {
 protected:
  MemoryModelTest() {
    model_.thread_created(0, 1);
    model_.thread_created(0, 2);
  }

  Site site(ThreadId thread) { return Site{thread, ++step_, 0x40 + step_}; }

  const interleave::Race* write(ThreadId thread, interleave::Address address = kData,
                                std::uint64_t size = 4) {
    return model_.write(site(thread), address, size);
  }
  const interleave::Race* read(ThreadId thread, interleave::Address address = kData,
                               std::uint64_t size = 4) {
    return model_.read(site(thread), address, size);
  }
  void store(ThreadId thread, std::uint64_t value, MemoryOrder order) {
    (void)model_.store_choices(site(thread), kFlag, 4, order, flag_);
    flag_ = model_.commit_store(0, Value{value, 0}).written;
  }
  std::uint64_t load(ThreadId thread, MemoryOrder order) {
    (void)model_.load_choices(site(thread), kFlag, 4, order, flag_);
    return model_.commit_load(0).read.low;
  }
  void exchange(ThreadId thread, std::uint64_t value, MemoryOrder order) {
    (void)model_.update_choices(site(thread), kFlag, 4, order, flag_);
    flag_ = model_.commit_update(0, Value{value, 0}).written;
  }

  MemoryModel model_{GetParam()};
  Value flag_;
  std::uint32_t step_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Modes, MemoryModelTest,
                         testing::Values(MemoryMode::kSequential, MemoryMode::kWeak));

TEST_P(MemoryModelTest, TwoWritesWithoutOrderRace) {
  EXPECT_EQ(write(1), nullptr);
  const interleave::Race* race = write(2);
  ASSERT_NE(race, nullptr);
  EXPECT_EQ(race->earlier.thread, 1U);
  EXPECT_EQ(race->earlier.step, 1U);
  EXPECT_EQ(race->earlier.pc, 0x41U);
  EXPECT_EQ(race->later.thread, 2U);
  EXPECT_TRUE(race->earlier.write);
  EXPECT_FALSE(race->earlier.atomic);
}

TEST_P(MemoryModelTest, ARaceIsToldOnce) {
  write(1);
  EXPECT_NE(write(2), nullptr);
  EXPECT_EQ(write(2), nullptr);
}

TEST_P(MemoryModelTest, ReadsDoNotRaceWithReads) {
  EXPECT_EQ(read(1), nullptr);
  EXPECT_EQ(read(2), nullptr);
}

TEST_P(MemoryModelTest, AWriteRacesWithAnyOfTheReaders) {
  read(0);
  read(1);
  read(2);
  EXPECT_NE(write(1), nullptr);
}

TEST_P(MemoryModelTest, NeighbouringBytesAreStrangers) {
  EXPECT_EQ(write(1, kData, 1), nullptr);
  EXPECT_EQ(write(2, kData + 1, 1), nullptr);
  EXPECT_EQ(write(1, kData + 2, 2), nullptr);
  EXPECT_NE(read(2, kData, 8), nullptr);
}

TEST_P(MemoryModelTest, ARangeMeetsWhatLiesWithin) {
  EXPECT_EQ(write(1, kData + 100, 1), nullptr);
  EXPECT_EQ(read(2, kData, 100), nullptr);
  const interleave::Race* race = read(2, kData + 3, 200);
  ASSERT_NE(race, nullptr);
  EXPECT_EQ(race->earlier.address, kData + 100);
  EXPECT_EQ(race->later.address, kData + 3);
  EXPECT_EQ(race->later.size, 200U);
}

TEST_P(MemoryModelTest, AResetForgets) {
  write(1, kData, 16);
  model_.reset(kData + 4, 4);
  EXPECT_EQ(write(2, kData + 4, 4), nullptr);
  EXPECT_NE(write(2, kData, 4), nullptr);
  EXPECT_NE(write(2, kData + 8, 8), nullptr);
}

TEST_P(MemoryModelTest, AHugeResetForgets) {
  write(1, kData, 16);
  model_.reset(0, std::uint64_t{1} << 40);
  EXPECT_EQ(write(2, kData, 16), nullptr);
}

TEST_P(MemoryModelTest, ANewExecutionForgets) {
  write(1);
  model_.begin_execution();
  model_.thread_created(0, 1);
  model_.thread_created(0, 2);
  EXPECT_EQ(write(2), nullptr);
}

TEST_P(MemoryModelTest, CreationAndJoinOrder) {
  write(0);
  model_.thread_created(0, 3);
  EXPECT_EQ(write(3), nullptr);
  model_.thread_joined(0, 3);
  EXPECT_EQ(write(0), nullptr);
  EXPECT_NE(read(1), nullptr);
}

TEST_P(MemoryModelTest, ManyThreadsKeepTheirClocks) {
  write(1);
  for (ThreadId thread = 3; thread < 40; ++thread) model_.thread_created(0, thread);
  EXPECT_NE(read(39), nullptr);
  model_.thread_joined(0, 1);
  write(0);
  model_.thread_created(0, 40);
  EXPECT_EQ(read(40), nullptr);
}

TEST_P(MemoryModelTest, ALockOrders) {
  write(1);
  model_.release_to(1, kLock);
  model_.acquire_from(2, kLock);
  EXPECT_EQ(write(2), nullptr);
}

TEST_P(MemoryModelTest, WhatComesAfterAReleaseIsNotOrdered) {
  model_.release_to(1, kLock);
  write(1);
  model_.acquire_from(2, kLock);
  EXPECT_NE(write(2), nullptr);
}

TEST_P(MemoryModelTest, ReadersMergeWhereAWriterReplaces) {
  read(1);
  model_.merge_to(1, kLock);
  read(2);
  model_.merge_to(2, kLock);
  model_.acquire_from(0, kLock);
  EXPECT_EQ(write(0), nullptr);
}

TEST_P(MemoryModelTest, ReleaseAndAcquireOrder) {
  write(1);
  store(1, 1, MemoryOrder::kRelease);
  EXPECT_EQ(load(2, MemoryOrder::kAcquire), 1U);
  EXPECT_EQ(write(2), nullptr);
}

TEST_P(MemoryModelTest, RelaxedDoesNotOrder) {
  write(1);
  store(1, 1, MemoryOrder::kRelaxed);
  EXPECT_EQ(load(2, MemoryOrder::kAcquire), 1U);
  EXPECT_NE(write(2), nullptr);
}

TEST_P(MemoryModelTest, FencesOrder) {
  write(1);
  model_.fence(site(1), MemoryOrder::kRelease);
  store(1, 1, MemoryOrder::kRelaxed);
  load(2, MemoryOrder::kRelaxed);
  model_.fence(site(2), MemoryOrder::kAcquire);
  EXPECT_EQ(write(2), nullptr);
}

TEST_P(MemoryModelTest, AFenceAfterTheStoreIsTooLate) {
  write(1);
  store(1, 1, MemoryOrder::kRelaxed);
  model_.fence(site(1), MemoryOrder::kRelease);
  load(2, MemoryOrder::kRelaxed);
  model_.fence(site(2), MemoryOrder::kAcquire);
  EXPECT_NE(write(2), nullptr);
}

TEST_P(MemoryModelTest, AnUpdateCarriesAReleaseOn) {
  write(1);
  store(1, 1, MemoryOrder::kRelease);
  exchange(0, 2, MemoryOrder::kRelaxed);
  load(2, MemoryOrder::kAcquire);
  EXPECT_EQ(write(2), nullptr);
}

// C++11 to C++17 let the thread's own stores continue its release sequence.
TEST_P(MemoryModelTest, AStoreOfTheSameThreadEndsARelease) {
  write(1);
  store(1, 1, MemoryOrder::kRelease);
  store(1, 2, MemoryOrder::kRelaxed);
  load(2, MemoryOrder::kAcquire);
  EXPECT_NE(write(2), nullptr);
}

TEST_P(MemoryModelTest, AtomicAndPlainAccessesRace) {
  store(1, 1, MemoryOrder::kSeqCst);
  const interleave::Race* race = read(2, kFlag, 4);
  ASSERT_NE(race, nullptr);
  EXPECT_TRUE(race->earlier.atomic);
  EXPECT_FALSE(race->later.atomic);
  EXPECT_EQ(load(2, MemoryOrder::kSeqCst), 1U);
  EXPECT_EQ(read(2, kFlag, 4), nullptr);
}

TEST_P(MemoryModelTest, AnAtomicStoreRacesWithAPlainRead) {
  read(1, kFlag, 4);
  EXPECT_EQ(load(2, MemoryOrder::kSeqCst), 0U);
  (void)model_.store_choices(site(2), kFlag, 4, MemoryOrder::kSeqCst, flag_);
  const interleave::Committed committed = model_.commit_store(0, Value{1, 0});
  ASSERT_NE(committed.race, nullptr);
  EXPECT_EQ(committed.race->earlier.thread, 1U);
  EXPECT_TRUE(committed.race->later.atomic);
}

TEST_P(MemoryModelTest, WhatALoadLearnsOrdersTheLoadItself) {
  write(1, kFlag, 4);
  store(1, 1, MemoryOrder::kRelease);
  (void)model_.load_choices(site(2), kFlag, 4, MemoryOrder::kAcquire, flag_);
  EXPECT_EQ(model_.commit_load(0).race, nullptr);
}

TEST_P(MemoryModelTest, APlainWriteStartsANewHistory) {
  store(1, 1, MemoryOrder::kRelaxed);
  model_.thread_joined(0, 1);
  EXPECT_EQ(write(0, kFlag, 4), nullptr);
  flag_ = Value{7, 0};
  model_.thread_created(0, 3);
  const auto choices =
      model_.load_choices(site(3), kFlag, 4, MemoryOrder::kRelaxed, flag_);
  ASSERT_EQ(choices.size(), 1U);
  EXPECT_EQ(choices[0].value, flag_);
  EXPECT_EQ(choices[0].step, interleave::kNoStep);
  model_.commit_load(0);
}

TEST_P(MemoryModelTest, AnUnseenWriteStartsANewHistory) {
  store(1, 1, MemoryOrder::kRelaxed);
  flag_ = Value{9, 0};
  EXPECT_EQ(load(2, MemoryOrder::kRelaxed), 9U);
}

TEST_P(MemoryModelTest, SixteenBytesAreOneLocation) {
  const auto access = [&](ThreadId thread, Value held) {
    (void)model_.update_choices(site(thread), kData, 16, MemoryOrder::kAcqRel, held);
    return model_.commit_update(0, Value{held.low + 1, held.high + 1});
  };
  EXPECT_EQ(access(1, Value{}).written, (Value{1, 1}));
  EXPECT_EQ(access(2, Value{1, 1}).read, (Value{1, 1}));
  EXPECT_NE(read(1, kData + 8, 8), nullptr);
}

TEST(MemoryModelWeak, AStaleStoreMayBeReadUntilItIsKnownToBeOld) {
  MemoryModel model(MemoryMode::kWeak);
  model.thread_created(0, 1);
  model.thread_created(0, 2);
  Value held;
  for (const std::uint64_t value : {1U, 2U}) {
    (void)model.store_choices(Site{1, 1, 0}, kFlag, 4, MemoryOrder::kRelaxed, held);
    held = model.commit_store(0, Value{value, 0}).written;
  }
  const Site reader{2, 3, 0};
  const auto first = model.load_choices(reader, kFlag, 4, MemoryOrder::kRelaxed, held);
  ASSERT_EQ(first.size(), 3U);
  EXPECT_EQ(first[0].value.low, 2U);
  EXPECT_EQ(first[2].value.low, 0U);
  EXPECT_EQ(model.commit_load(1).read.low, 1U);
  EXPECT_EQ(model.load_choices(reader, kFlag, 4, MemoryOrder::kRelaxed, held).size(), 2U);
  EXPECT_EQ(model.commit_load(0).read.low, 2U);
  EXPECT_EQ(model.load_choices(reader, kFlag, 4, MemoryOrder::kRelaxed, held).size(), 1U);
  model.commit_load(0);
}

}  // namespace
