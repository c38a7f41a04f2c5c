// Property: what a thread holds and waits for after each step is what the trace says of it.
#include "interleave/report/states.hpp"

#include <gtest/gtest.h>

#include <algorithm>

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

// Of a spin one round says all; what it locks in the others is told by the next step of any thread.
TEST_F(States, HoldsWhatALeftOutStepTookOrGaveBack) {
  add(trace_, 1, OperationKind::kLock, left);
  add(trace_, 1, OperationKind::kUnlock, left);
  add(trace_, 0, OperationKind::kYield, 0).untold = {{1, {left, right}}};
  add(trace_, 1, OperationKind::kUnlock, right);
  const Naming naming(trace_, symbols_, source_, {});
  ThreadStates states(trace_, naming);
  (void)states.advance_to(3);
  EXPECT_TRUE(states.of(1).holds.empty());
  EXPECT_EQ(states.advance_to(4), std::vector<ThreadId>{1});
  EXPECT_EQ(states.of(1).holds, (std::set<Address>{left, right}));
  EXPECT_EQ(locks_at(trace_, 1, 4), (std::set<Address>{left, right}));
  (void)states.advance_to(kNoStep);
  EXPECT_EQ(states.of(1).holds, std::set<Address>{left});
}

// A loop that takes `right` once, in the part that is left out, while worker 1 waits.
TEST_F(States, AreThoseOfTheWholeTraceAfterItWasShortened) {
  trace_.threads.resize(3);
  const auto loop = [&](int rounds) {
    for (int round = 0; round < rounds; ++round) {
      add(trace_, 0, OperationKind::kLock, left);
      add(trace_, 0, OperationKind::kUnlock, left);
    }
  };
  add(trace_, 2, OperationKind::kLock, 0x40);
  loop(300);
  add(trace_, 0, OperationKind::kLock, right);
  add(trace_, 2, OperationKind::kUnlock, 0x40);
  Step& blocked = add(trace_, 1, OperationKind::kLock, right);
  blocked.blocked = true;
  blocked.waits_for = 0;
  loop(2000);
  const auto all = std::ssize(trace_.steps);
  shorten(trace_);
  EXPECT_LT(std::ssize(trace_.steps), 2010);
  std::uint32_t left_out = 0;
  for (const Step& step : trace_.steps) left_out += step.left_out;
  EXPECT_EQ(std::ssize(trace_.steps) + left_out, all);

  const Naming naming(trace_, symbols_, source_, {});
  ThreadStates states(trace_, naming);
  (void)states.advance_to(kNoStep);
  EXPECT_EQ(states.of(0).holds, std::set<Address>{right});
  EXPECT_TRUE(states.of(1).waits.ends_with("held by leader")) << states.of(1).waits;
  EXPECT_TRUE(states.of(2).holds.empty());
  const bool taken = std::any_of(
      trace_.steps.begin(), trace_.steps.end(), [](const Step& step) {
        return step.operation.kind == OperationKind::kLock && !step.blocked &&
               step.operation.object == right;
      });
  EXPECT_TRUE(taken) << "nobody could say which lock that is";
}

TEST_F(States, LeavesAShortTraceAsItIs) {
  for (int step = 0; step < 2000; ++step) add(trace_, 0, OperationKind::kYield, 0);
  shorten(trace_);
  EXPECT_EQ(trace_.steps.size(), 2000U);
  EXPECT_EQ(trace_.steps[500].left_out, 0U);
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
