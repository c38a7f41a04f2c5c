// Tests of exercise 7.2. Each opens with its property; `explore` looks for the schedule that
// breaks it, under C++'s memory model.
#include <gtest/gtest.h>

#include <activation.hpp>  // in <>, so that the include path decides whose it is
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "course/step_test.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;

// Messages of few types, because every type is another actor for the compiler.
using NumberActor = PooledActor<int>;

// --- Step 1: each message is handled once, by one thread at a time --------------------------

// Gives turns of `limit` messages until `enough()` holds. Sleeps for ever if a message is
// forgotten: the explorer sees that.
template <typename Enough>
void give_turns(RunQueue& ready, RunQueue::Worker& worker, std::size_t limit,
                Enough enough) {
  while (!enough()) {
    Runnable* const actor = worker.next();
    check(actor != nullptr, "the run queue was not closed");
    if (actor->run(limit)) ready.push(*actor);
  }
}

// Whether it is over: at most one turn is left, which finds nothing. There may be one: a sender
// whose message was handled before it looked at the actor queues it for nothing.
bool is_over(RunQueue& ready, RunQueue::Worker& worker) {
  ready.close();
  Runnable* const actor = worker.next();
  return actor == nullptr || (!actor->run(1) && worker.next() == nullptr);
}

// Messages of one thread are handled in its order, each once.
STEP_TEST(1, Activation, HandlesInOrder, "mailbox order") {
  explore([] {
    RunQueue ready;
    RunQueue::Worker worker(ready);
    std::vector<int> handled;
    NumberActor actor(ready, [&](int message) { handled.push_back(message); });
    for (int message = 1; message <= 3; ++message) actor.send(message);
    give_turns(ready, worker, 8, [&] { return handled.size() >= 3; });
    check(handled == std::vector<int>{1, 2, 3},
          "messages must be handled in their order");
    check(is_over(ready, worker), "an actor without messages still has turns");
  });
}

// A turn has a limit, and what it leaves keeps its order, also behind what comes later.
STEP_TEST(1, Activation, ATurnKeepsToItsLimit, "mailbox order") {
  explore([] {
    RunQueue ready;
    RunQueue::Worker worker(ready);
    std::vector<int> handled;
    NumberActor actor(ready, [&](int message) { handled.push_back(message); });
    for (int message = 1; message <= 3; ++message) actor.send(message);
    check(worker.next() == &actor, "an actor with messages must be queued");
    check(actor.run(2), "a turn of two messages leaves the third");
    check(handled.size() == 2, "a turn must handle as many messages as its limit allows");
    actor.send(4);
    ready.push(actor);
    check(worker.next() == &actor, "the actor was queued again");
    check(!actor.run(2), "a turn that handles the last message leaves none");
    check(handled == std::vector<int>{1, 2, 3, 4},
          "what a turn leaves must keep its order");
    actor.send(5);
    give_turns(ready, worker, 2, [&] { return handled.size() >= 5; });
    check(is_over(ready, worker), "an actor without messages still has turns");
  });
}

// A message may be sent by the actor to itself, in its turn.
STEP_TEST(1, Activation, AnActorMayWriteToItself) {
  explore([] {
    RunQueue ready;
    RunQueue::Worker worker(ready);
    int handled = 0;
    NumberActor* self = nullptr;
    NumberActor actor(ready, [&](int message) {
      ++handled;
      if (message > 0) self->send(message - 1);
    });
    self = &actor;
    actor.send(2);
    give_turns(ready, worker, 1, [&] { return handled >= 3; });
    check(is_over(ready, worker), "an actor without messages still has turns");
  });
}

// A message is moved to the behaviour, never copied; what is left dies with the actor.
STEP_TEST(1, Activation, MovesMessagesAndDropsTheRest, "lifetime") {
  explore([] {
    const auto owned = std::make_shared<int>(7);
    {
      RunQueue ready;
      RunQueue::Worker worker(ready);
      int seen = 0;
      PooledActor<std::unique_ptr<std::shared_ptr<int>>> actor(
          ready,
          [&](std::unique_ptr<std::shared_ptr<int>> message) { seen = **message; });
      for (int i = 0; i < 3; ++i) {
        actor.send(std::make_unique<std::shared_ptr<int>>(owned));
      }
      check(worker.next() == &actor && actor.run(1), "two of three messages are left");
      check(seen == 7, "the message handled must own what was sent");
    }
    check(owned.use_count() == 1,
          "the actor did not destroy the messages that were left");
  });
}

// Two senders wake an idle actor: both messages are handled, and it was queued once.
STEP_TEST(1, Activation, TwoSendersQueueAnActorOnce, "activation") {
  explore([] {
    RunQueue ready;
    RunQueue::Worker worker(ready);
    int sum = 0;
    NumberActor actor(ready, [&](int message) { sum += message; });
    {
      std::jthread sender1([&] { actor.send(1); });
      std::jthread sender2([&] { actor.send(2); });
      give_turns(ready, worker, 8, [&] { return sum >= 3; });
    }
    check(sum == 3, "each message must be handled once");
    check(is_over(ready, worker), "an actor was queued that was queued already");
  });
}

// Two workers: only one of them is in an actor at a time, and the next sees what it wrote.
STEP_TEST(1, Activation, OneWorkerAtATime, "activation") {
  explore([] {
    RunQueue ready;
    const auto sum = std::make_unique<int>(0);
    NumberActor actor(ready, [&sum = *sum](int message) { sum += message; });
    const auto work = [&] {
      RunQueue::Worker worker(ready);
      while (Runnable* const next = worker.next()) {
        if (next->run(1)) ready.push(*next);
      }
    };
    {
      std::jthread worker1(work);
      std::jthread worker2(work);
      actor.send(1);
      actor.send(2);
      ready.close();
    }
    check(*sum == 3, "each message must be handled once");
  });
}

// A message for an actor that is active takes no lock, and one allocation.
STEP_TEST(1, Activation, CostOfASend) {
  explore([] {
    RunQueue ready;
    NumberActor actor(ready, [](int) {});
    actor.send(1);
    const interleave::Cost cost("send");
    actor.send(2);
  });
}

// --- Step 2: a message that fails costs nothing but itself ------------------------------------

// What a message throws, of whatever type, is counted, and the next one is handled.
STEP_TEST(2, Activation, AMessageMayThrowAnything, "exception safety") {
  explore([] {
    RunQueue ready;
    RunQueue::Worker worker(ready);
    int handled = 0;
    NumberActor actor(ready, [&](int message) {
      ++handled;
      if (message == 1) throw std::runtime_error("one");
      if (message == 2) throw 2;
    });
    check(actor.failures() == 0, "nothing has failed yet");
    for (int message = 1; message <= 3; ++message) actor.send(message);
    give_turns(ready, worker, 8, [&] { return handled >= 3; });
    check(actor.failures() == 2, "two messages failed");
    check(is_over(ready, worker), "an actor without messages still has turns");
  });
}

// A message that fails as the last of its turn leaves the actor idle, and it can be woken.
STEP_TEST(2, Activation, AfterAFailureItIsWoken, "exception safety") {
  explore([] {
    int handled = 0;
    std::uint64_t failures = 0;
    {
      RunQueue ready;
      RunQueue::Worker worker(ready);
      NumberActor actor(ready, [&](int message) {
        ++handled;
        if (message < 3) throw message;
      });
      actor.send(1);
      give_turns(ready, worker, 1, [&] { return handled >= 1; });
      actor.send(2);
      give_turns(ready, worker, 1, [&] { return handled >= 2; });
      actor.send(3);
      give_turns(ready, worker, 1, [&] { return handled >= 3; });
      failures = actor.failures();
    }
    check(failures == 2, "two of three messages failed");
  });
}

// Failures may be asked for while the actor runs.
STEP_TEST(2, Activation, FailuresMayBeAskedForAnyTime) {
  explore([] {
    ActorPool pool(1);
    NumberActor& actor = pool.spawn<int>([](int message) { throw message; });
    actor.send(1);
    check(actor.failures() <= 1, "one message was sent");
  });
}

// --- Step 3: a few threads run all actors, and each gets its turn -----------------------------

// All that was sent is handled before the pool ends, also what actors send meanwhile.
STEP_TEST(3, Activation, ThePoolEndsWhenAllIsHandled, "shutdown") {
  explore([] {
    std::atomic<int> handled = 0;
    {
      ActorPool pool(2);
      NumberActor& second = pool.spawn<int>([&](int) { ++handled; });
      NumberActor& first = pool.spawn<int>([&](int message) { second.send(message); });
      first.send(1);
      second.send(2);
    }
    check(handled == 2, "the pool ended before every message was handled");
  });
}

// The number of the calling thread, counted from 1 in the order of their first calls. Not its
// id: the system gives the id of a thread that has ended to the next one.
int number_of_this_thread() {
  static std::atomic<int> threads = 0;
  thread_local const int number = ++threads;
  return number;
}

// Actors run on the pool's workers: as many threads as were asked for, however many actors.
STEP_TEST(3, Activation, RunsOnItsWorkers, "activation") {
  constexpr int kActors = 1000;
  const int sender = number_of_this_thread();
  std::mutex mutex;
  std::set<int> threads;
  {
    ActorPool pool(2);
    std::vector<NumberActor*> actors;
    for (int i = 0; i < kActors; ++i) {
      actors.push_back(&pool.spawn<int>([&](int) {
        const std::scoped_lock lock(mutex);
        threads.insert(number_of_this_thread());
      }));
    }
    for (NumberActor* actor : actors) actor->send(1);
  }
  EXPECT_FALSE(threads.contains(sender))
      << "an actor ran on the thread that sent the message";
  EXPECT_GE(threads.size(), 1U) << "no actor ran";
  EXPECT_LE(threads.size(), 2U) << "the pool has 2 workers, and " << kActors
                                << " actors ran on more threads: " << threads.size();
}

// Two workers run two actors at the same time: here each waits for the other.
STEP_TEST(3, Activation, WorkersRunAtTheSameTime, "parallelism") {
  explore([] {
    std::latch first_runs(1);
    std::latch second_runs(1);
    ActorPool pool(2);
    NumberActor& first = pool.spawn<int>([&](int) {
      first_runs.count_down();
      second_runs.wait();
    });
    NumberActor& second = pool.spawn<int>([&](int) {
      second_runs.count_down();
      first_runs.wait();
    });
    first.send(1);
    second.send(1);
  });
}

// An actor with many messages handles kTurn of them, then the others have their turn.
STEP_TEST(3, Activation, ABusyActorLetsOthersRun, "starvation") {
  constexpr auto kTurn = static_cast<int>(ActorPool::kTurn);
  std::latch all_is_sent(1);
  std::atomic<int> busy_handled = 0;
  int before_the_other = -1;
  {
    ActorPool pool(1);
    NumberActor& gate = pool.spawn<int>([&](int) { all_is_sent.wait(); });
    NumberActor& busy = pool.spawn<int>([&](int) { ++busy_handled; });
    NumberActor& other = pool.spawn<int>([&](int) { before_the_other = busy_handled; });
    gate.send(1);
    for (int i = 0; i < 4 * kTurn; ++i) busy.send(i);
    other.send(1);
    all_is_sent.count_down();
  }
  EXPECT_EQ(before_the_other, kTurn)
      << "messages that the busy actor handled before the other one had its turn";
  EXPECT_EQ(busy_handled, 4 * kTurn)
      << "and all of its messages must be handled in the end";
}

// An actor that writes to itself without end keeps no other from running.
STEP_TEST(3, Activation, AnEndlessActorLetsOthersRun, "starvation") {
  constexpr int kMany = 100'000;
  std::atomic<bool> other_ran = false;
  int rounds = 0;
  NumberActor* self = nullptr;
  {
    ActorPool pool(1);
    NumberActor& endless = pool.spawn<int>([&](int) {
      if (!other_ran && ++rounds < kMany) self->send(1);
    });
    self = &endless;
    NumberActor& other = pool.spawn<int>([&](int) { other_ran = true; });
    endless.send(1);
    other.send(1);
  }
  EXPECT_LT(rounds, kMany)
      << "the other actor had no turn before the endless one gave up";
}

// --- Step 4: an actor that goes idle misses nothing ------------------------------------------

// Gives turns of `limit` messages to an actor that has one, while a sender sends another, and
// then no more come. Returns how many were handled.
int handled_with_turns_of(std::size_t limit) {
  RunQueue ready;
  int handled = 0;
  NumberActor actor(ready, [&](int) { ++handled; });
  actor.send(1);
  std::jthread sender([&] {
    actor.send(2);
    ready.close();
  });
  RunQueue::Worker worker(ready);
  while (Runnable* const next = worker.next()) {
    if (next->run(limit)) ready.push(*next);
  }
  return handled;
}

// A turn that ends at its limit leaves an actor that will have another one.
STEP_TEST(4, Activation, WhatATurnLeavesIsHandled, "lost wake-up") {
  explore([] {
    RunQueue ready;
    RunQueue::Worker worker(ready);
    int handled = 0;
    NumberActor actor(ready, [&](int) { ++handled; });
    actor.send(1);
    actor.send(2);
    ready.close();
    while (Runnable* const next = worker.next()) {
      if (next->run(1)) ready.push(*next);
    }
    check(
        handled == 2,
        "an actor went idle with messages that it had taken: no worker will handle them");
  });
}

// An actor that goes idle while a message arrives handles it.
STEP_TEST(4, Activation, GoingIdleMissesNothing, "lost wake-up") {
  explore([] {
    check(handled_with_turns_of(8) == 2,
          "a message lies in the inbox of an idle actor: no worker will handle it");
  });
}

// The same with turns of one message: the first ends because of its limit.
STEP_TEST(4, Activation, TheLimitMissesNothing, "lost wake-up") {
  explore([] {
    check(handled_with_turns_of(1) == 2,
          "a message lies in the inbox of an idle actor: no worker will handle it");
  });
}

// Two senders and one worker: no message is missed, wherever each of them stands.
STEP_TEST(4, Activation, TwoSendersMissNothing, "lost wake-up") {
  explore([] {
    RunQueue ready;
    int sum = 0;
    NumberActor actor(ready, [&](int message) { sum += message; });
    std::atomic<int> sending = 2;
    const auto send = [&](int message) {
      actor.send(message);
      if (--sending == 0) ready.close();
    };
    {
      std::jthread sender1([&] { send(1); });
      std::jthread sender2([&] { send(2); });
      RunQueue::Worker worker(ready);
      while (Runnable* const next = worker.next()) {
        if (next->run(8)) ready.push(*next);
      }
    }
    check(sum == 3,
          "a message lies in the inbox of an idle actor: no worker will handle it");
  });
}

}  // namespace
