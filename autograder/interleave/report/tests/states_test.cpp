// Property: what a thread holds and waits for after each step is what the trace says of it.
#include "interleave/report/states.hpp"

#include <gtest/gtest.h>

namespace interleave {
namespace {

constexpr Address left = 0x10;
constexpr Address right = 0x20;

Step& add(Trace& trace, ThreadId thread, OperationKind kind, Address object) {
  Step step;
  step.number = static_cast<std::uint32_t>(trace.steps.size() + 1);
  step.operation.thread = thread;
  step.operation.kind = kind;
  step.operation.object = object;
  trace.steps.push_back(step);
  return trace.steps.back();
}

Trace of_two_threads() {
  Trace trace;
  trace.threads.resize(2);
  trace.threads[0].name = "leader";
  trace.threads[1].name = "worker 1";
  return trace;
}

class States : public testing::Test {
 protected:
  Trace trace_ = of_two_threads();
  Symbols symbols_;
  SourceText source_;
};

TEST_F(States, HoldsWhatWasLockedUntilItIsUnlocked) {
  add(trace_, 1, OperationKind::kLock, left);
  add(trace_, 1, OperationKind::kUnlock, left);
  const Naming naming(trace_, symbols_, source_, {});
  ThreadStates states(trace_, naming);
  EXPECT_TRUE(states.advance_to(1).empty());
  EXPECT_EQ(states.advance_to(2), std::vector<ThreadId>{1});
  EXPECT_EQ(states.of(1).holds, std::set<Address>{left});
  EXPECT_EQ(states.advance_to(kNoStep), std::vector<ThreadId>{1});
  EXPECT_TRUE(states.of(1).holds.empty());
}

TEST_F(States, WaitsForALockThatAnotherHolds) {
  add(trace_, 1, OperationKind::kLock, left);
  Step& blocked = add(trace_, 0, OperationKind::kLock, left);
  blocked.blocked = true;
  blocked.waits_for = 1;
  const Naming naming(trace_, symbols_, source_, {});
  ThreadStates states(trace_, naming);
  (void)states.advance_to(kNoStep);
  EXPECT_TRUE(states.of(0).holds.empty());
  EXPECT_EQ(states.of(0).waits, "waits for mutex 1, held by worker 1");
}

TEST_F(States, DoesNotWaitForALockThatItOnlyTried) {
  Step& tried = add(trace_, 0, OperationKind::kTryLock, right);
  tried.blocked = true;
  tried.succeeded = false;
  tried.waits_for = 1;
  const Naming naming(trace_, symbols_, source_, {});
  ThreadStates states(trace_, naming);
  EXPECT_TRUE(states.advance_to(kNoStep).empty());
}

TEST_F(States, AWaitUnlocksItsMutexAndSleepsOnUntilItIsWoken) {
  constexpr Address condition = 0x30;
  add(trace_, 0, OperationKind::kLock, left);
  Step& wait = add(trace_, 0, OperationKind::kConditionWait, condition);
  wait.operation.second_object = left;
  wait.blocked = true;
  add(trace_, 0, OperationKind::kUnlock, left);
  add(trace_, 0, OperationKind::kConditionWake, condition).operation.second_object = left;
  const Naming naming(trace_, symbols_, source_, {});
  ThreadStates states(trace_, naming);
  (void)states.advance_to(4);
  EXPECT_TRUE(states.of(0).holds.empty());
  EXPECT_TRUE(states.of(0).waits.starts_with("waits on ")) << states.of(0).waits;
  (void)states.advance_to(kNoStep);
  EXPECT_EQ(states.of(0).waits, "");
  EXPECT_EQ(states.of(0).holds, std::set<Address>{left});
}

TEST_F(States, TellsWhatWouldOrderAStaleLoadAndAStoreOnlyOfAStaleLoad) {
  Step& store = add(trace_, 1, OperationKind::kAtomicStore, left);
  store.writes = true;
  Step& load = add(trace_, 0, OperationKind::kAtomicLoad, left);
  load.reads = true;
  load.newest_store = 1;
  const Naming naming(trace_, symbols_, source_, {});
  const std::string order =
      what_would_order(trace_.steps[1], "step 2", "step 1", trace_, naming);
  EXPECT_NE(order.find("worker 1 releases something after step 1"), std::string::npos);
  EXPECT_NE(order.find("leader acquires before step 2"), std::string::npos);
  trace_.steps[1].reads_from = 1;
  EXPECT_EQ(what_would_order(trace_.steps[1], "step 2", "step 1", trace_, naming), "");
}

}  // namespace
}  // namespace interleave
