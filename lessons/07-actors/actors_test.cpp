// Tests of the reference, of the ledger that is made of it, and of what the exercises are built
// upon. Each opens with its property.
#include "actors.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "inbox.hpp"
#include "interleave/interleave.hpp"
#include "ledger_actor.hpp"
#include "run_queue.hpp"

namespace {

using interleave::check;
using interleave::explore;

// What was sent before the end is handled, in the order of its sender.
TEST(Actor, HandlesAllThatWasSent) {
  explore([] {
    std::string handled;
    {
      Actor<char> actor([&](char message) { handled += message; });
      actor.send('a');
      actor.send('b');
    }
    check(handled == "ab", "both messages, in the order in which they were sent");
  });
}

// Two senders' messages are all handled, by one thread.
TEST(Actor, HasOneThread) {
  explore([] {
    int sum = 0;
    {
      Actor<int> actor([&](int message) { sum += message; });
      std::jthread sender([&] { actor.send(1); });
      actor.send(2);
    }
    check(sum == 3, "both messages must be handled");
  });
}

struct Doubled {
  int number;
  std::promise<int> reply = {};
};

// An answer reaches the thread that asked.
TEST(Actor, Answers) {
  explore([] {
    Actor<Doubled> actor(
        [](Doubled question) { question.reply.set_value(2 * question.number); });
    check(actor.ask(Doubled{21}).get() == 42, "the answer to the question");
  });
}

// Who asks an actor that drops the question learns it.
TEST(Actor, AQuestionThatIsDroppedIsTold) {
  explore([] {
    Actor<Doubled> actor([](const Doubled&) {});
    // Shared: libstdc++ counts the owners of an exception where no tool looks.
    const std::shared_future<int> answer = actor.ask(Doubled{21}).share();
    try {
      answer.get();
      check(false, "there is no answer");
    } catch (const std::future_error& error) {
      check(error.code() == std::future_errc::broken_promise, "the promise was broken");
    }
  });
}

// No audit sees half a transfer, and no transfer overdraws.
TEST(LedgerActor, KeepsTheSum) {
  explore([] {
    Actor<LedgerMessage> ledger{Balances(2, 100)};
    const auto sum = [&] {
      // Not std::accumulate over a temporary: `get` gives the only copy.
      Cents all = 0;
      for (const Cents balance : ledger.ask(Audit{}).get()) all += balance;
      return all;
    };
    {
      std::jthread teller([&] { ledger.send(Transfer{0, 1, 100}); });
      ledger.send(Transfer{0, 1, 30});
      check(sum() == 200, "an audit must see whole transfers");
    }
    const std::vector<Cents> left = ledger.ask(Audit{}).get();
    check(left[0] >= 0 && left[0] + left[1] == 200, "no account may be overdrawn");
  });
}

// Messages of one thread come out in its order, those of two all once.
TEST(Inbox, LosesNothing) {
  explore([] {
    Inbox<int> inbox;
    {
      std::jthread sender([&] { inbox.put(10); });
      inbox.put(1);
      inbox.put(2);
    }
    check(!inbox.empty(), "three messages wait");
    Letters<int> letters = inbox.take_all();
    check(inbox.empty(), "all of them were taken");
    int before = 0;
    int sum = 0;
    while (!letters.empty()) {
      const int message = letters.take();
      sum += message;
      if (message == 10) continue;
      check(message > before, "messages of one thread come out in its order");
      before = message;
    }
    check(sum == 13, "each message comes out once");
  });
}

// What is taken was written before, and nothing stays behind.
TEST(Inbox, PublishesWhatWasPut) {
  explore([] {
    Inbox<std::unique_ptr<int>> inbox;
    std::jthread sender1([&] { inbox.put(std::make_unique<int>(1)); });
    std::jthread sender2([&] { inbox.put(std::make_unique<int>(2)); });
    Letters<std::unique_ptr<int>> letters = inbox.take_all();
    while (!letters.empty()) check(*letters.take() > 0, "a message without its value");
  });
}

// Counts its turns, and is ready `more` times again.
class Counter final : public Runnable {
 public:
  explicit Counter(int more) : more_(more) {}
  [[nodiscard]] bool run(std::size_t) override {
    ++turns_;
    return more_-- > 0;
  }
  [[nodiscard]] int turns() const { return turns_; }

 private:
  int more_;
  int turns_ = 0;
};

void work(RunQueue& queue) {
  RunQueue::Worker worker(queue);
  while (Runnable* const actor = worker.next()) {
    if (actor->run(1)) queue.push(*actor);
  }
}

// Two workers share the turns; both end when the queue is closed and all is done.
TEST(RunQueue, GivesEveryTurnAndEnds) {
  explore([] {
    Counter one(1);
    Counter other(0);
    {
      RunQueue queue;
      std::jthread worker1([&] { work(queue); });
      std::jthread worker2([&] { work(queue); });
      queue.push(one);
      queue.push(other);
      queue.close();
    }
    check(one.turns() == 2 && other.turns() == 1, "each turn is given once");
  });
}

// Actors take turns: one that comes again comes behind the others.
TEST(RunQueue, IsFair) {
  explore([] {
    Counter one(0);
    Counter other(0);
    RunQueue queue;
    RunQueue::Worker worker(queue);
    queue.push(one);
    check(worker.next() == &one, "the only actor that is ready");
    queue.push(other);
    queue.push(one);
    check(worker.next() == &other, "the one that has waited longer");
    check(worker.next() == &one, "the one that came again");
    queue.close();
    check(worker.next() == nullptr, "closed, and nothing left");
  });
}

}  // namespace
