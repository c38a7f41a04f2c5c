// Tests of exercise 7.1. Each opens with its property; `explore` looks for the schedule that
// breaks it, under C++'s memory model.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mailbox.hpp>  // in <>, so that the include path decides whose it is
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "course/step_test.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;

using Clock = std::chrono::steady_clock;

// --- Step 1: nothing is lost, and the order is kept -----------------------------------------

// Messages leave in the order in which they came; an empty mailbox gives nothing, and continues
// to work afterwards.
STEP_TEST(1, Mailbox, ComesOutInOrder, "mailbox order") {
  explore([] {
    Mailbox<int> mailbox;
    check(!mailbox.try_pop(), "nothing was pushed yet");
    mailbox.push(1);
    mailbox.push(2);
    check(mailbox.try_pop() == 1, "the first message pushed must be the first popped");
    mailbox.push(3);
    check(mailbox.try_pop() == 2, "the second message pushed must be the second popped");
    check(mailbox.try_pop() == 3, "the third message pushed must be the third popped");
    check(!mailbox.try_pop(), "the mailbox must be empty again");
    mailbox.push(4);
    check(mailbox.try_pop() == 4, "a mailbox that was emptied must take messages again");
  });
}

// A message is moved through the mailbox, never copied.
STEP_TEST(1, Mailbox, MovesMessages, "mailbox order") {
  explore([] {
    Mailbox<std::unique_ptr<int>> mailbox;
    mailbox.push(std::make_unique<int>(7));
    const std::optional<std::unique_ptr<int>> message = mailbox.try_pop();
    check(message && *message && **message == 7,
          "the message popped must own what was pushed");
  });
}

// The next message, which is there or coming. For step 1, which has no way to sleep.
template <typename Message>
Message next_of(Mailbox<Message>& mailbox) {
  std::optional<Message> message = mailbox.try_pop();
  while (!message) {
    std::this_thread::yield();
    message = mailbox.try_pop();
  }
  return std::move(*message);
}

// Two producers at the same time: each takes a place of its own.
STEP_TEST(1, Mailbox, EachProducerHasItsPlace, "atomicity") {
  explore([] {
    Mailbox<int> mailbox;
    {
      std::jthread producer([&] { mailbox.push(1); });
      mailbox.push(2);
    }
    const int sum = mailbox.try_pop().value_or(0) + mailbox.try_pop().value_or(0);
    check(sum == 3, "two producers pushed, and one of their messages is gone");
  });
}

// Two producers, one message each, while the consumer looks: both arrive, once.
STEP_TEST(1, Mailbox, TwoProducersLoseNothing) {
  explore([] {
    Mailbox<int> mailbox;
    int sum = 0;
    {
      std::jthread producer1([&] { mailbox.push(1); });
      std::jthread producer2([&] { mailbox.push(2); });
      sum += next_of(mailbox);
    }
    sum += mailbox.try_pop().value_or(0);
    check(sum == 3, "each producer's message must arrive once");
    check(!mailbox.try_pop(), "no message may arrive twice");
  });
}

// The messages of one producer arrive in its order, whatever another one does.
STEP_TEST(1, Mailbox, KeepsEachProducersOrder, "mailbox order") {
  explore([] {
    Mailbox<int> mailbox;
    std::jthread producer1([&] {
      mailbox.push(1);
      mailbox.push(2);
    });
    mailbox.push(10);
    int before = 0;
    for (int i = 0; i < 3; ++i) {
      const int message = next_of(mailbox);
      if (message == 10) continue;
      check(message == before + 1, "a producer's messages must arrive in its order");
      before = message;
    }
  });
}

// A message that was pushed because another one had been pushed comes after it.
STEP_TEST(1, Mailbox, KeepsTheOrderOfCauseAndEffect, "mailbox order") {
  explore([] {
    Mailbox<int> mailbox;
    std::atomic<bool> first_is_pushed = false;
    std::jthread producer1([&] {
      mailbox.push(1);
      first_is_pushed.store(true, std::memory_order_release);
    });
    std::jthread producer2([&] {
      if (first_is_pushed.load(std::memory_order_acquire)) mailbox.push(2);
    });
    check(next_of(mailbox) == 1, "the effect came before its cause");
  });
}

// The consumer sees all that a producer wrote before its push.
STEP_TEST(1, Mailbox, PublishesWhatWasWritten) {
  explore([] {
    Mailbox<int*> mailbox;
    const auto written = std::make_unique<int>(0);
    std::jthread producer([&] {
      *written = 7;
      mailbox.push(written.get());
    });
    check(*next_of(mailbox) == 7,
          "the consumer must see what was written before the push");
  });
}

// A push takes no lock, and a small number of steps that does not depend on other threads.
STEP_TEST(1, Mailbox, CostOfAPush) {
  explore([] {
    Mailbox<int> mailbox;
    mailbox.push(1);
    const interleave::Cost cost("push");
    mailbox.push(2);
  });
}

// --- Step 2: a consumer that finds nothing sleeps -------------------------------------------

// What is there is popped at once.
STEP_TEST(2, Mailbox, PopTakesWhatIsThere, "mailbox order") {
  explore([] {
    Mailbox<int> mailbox;
    mailbox.push(1);
    mailbox.push(2);
    check(mailbox.pop() == 1, "the first message pushed must be the first popped");
    check(mailbox.pop() == 2, "the second message pushed must be the second popped");
  });
}

// A consumer that comes to an empty mailbox gets what is pushed later.
STEP_TEST(2, Mailbox, PopWaitsForAMessage, "check then act") {
  explore([] {
    Mailbox<int> mailbox;
    std::jthread producer([&] { mailbox.push(7); });
    check(mailbox.pop() == 7, "the message pushed must be popped");
  });
}

// Two producers: the consumer gets both messages, wherever each of them stands.
STEP_TEST(2, Mailbox, PopWaitsForTwoProducers, "check then act") {
  explore([] {
    Mailbox<int> mailbox;
    std::jthread producer1([&] { mailbox.push(1); });
    std::jthread producer2([&] { mailbox.push(2); });
    const int sum = mailbox.pop() + mailbox.pop();
    check(sum == 3, "each producer's message must be popped once");
  });
}

// A mailbox that was emptied makes its consumer wait again, and wakes it again.
STEP_TEST(2, Mailbox, PopWaitsAgain) {
  explore([] {
    Mailbox<int> mailbox;
    std::jthread producer([&] {
      mailbox.push(1);
      mailbox.push(2);
    });
    check(mailbox.pop() == 1, "the first message pushed must be the first popped");
    check(mailbox.pop() == 2, "the second message pushed must be the second popped");
  });
}

// A consumer sleeps until there is a message: it is the push that wakes it, not a time-out.
STEP_TEST(2, Mailbox, PopIsWokenByThePush, "busy waiting") {
  if (!interleave::explores_schedules()) return;  // it would sleep for real
  explore([] {
    Mailbox<int> mailbox;
    Clock::time_point pushed;
    std::jthread producer([&] {
      // Not a multiple of a time that a consumer may sleep between two looks.
      std::this_thread::sleep_for(std::chrono::microseconds(1'000'333));
      pushed = Clock::now();
      mailbox.push(7);
    });
    check(mailbox.pop() == 7, "the message pushed must be popped");
    // Virtual time: it stands still while any thread can run.
    check(Clock::now() - pushed < std::chrono::microseconds(100),
          "the consumer was not woken by the push, but by a time-out");
  });
}

// A consumer that waits sleeps: it does not look again and again.
STEP_TEST(2, Mailbox, CostOfAWait) {
  explore([] {
    Mailbox<int> mailbox;
    std::jthread producer([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      mailbox.push(1);
    });
    const interleave::Cost cost("wait");
    check(mailbox.pop() == 1, "the message must arrive");
  });
}

// --- Step 3: no message is lost, kept or leaked, whatever happens -----------------------------

// What a message owns dies with it, not with its node.
STEP_TEST(3, Mailbox, KeepsNothingOfAMessage, "lifetime") {
  explore([] {
    Mailbox<std::shared_ptr<int>> mailbox;
    const auto owned = std::make_shared<int>(7);
    mailbox.push(owned);
    static_cast<void>(mailbox.try_pop());
    check(owned.use_count() == 1, "the mailbox still holds a message that was popped");
  });
}

// Messages that were never popped are destroyed with the mailbox.
STEP_TEST(3, Mailbox, DropsWhatIsLeft, "lifetime") {
  explore([] {
    const auto owned = std::make_shared<int>(7);
    {
      Mailbox<std::shared_ptr<int>> mailbox;
      mailbox.push(owned);
      mailbox.push(owned);
      static_cast<void>(mailbox.try_pop());
      mailbox.push(owned);
    }
    check(owned.use_count() == 1,
          "the mailbox did not destroy the messages that were left");
  });
}

// Throws whenever it is moved while `throws_` is set.
struct Fragile {
  Fragile() = default;
  explicit Fragile(int number_in) : number(number_in) {}
  Fragile(Fragile&& other) : number(other.number) {
    if (throws_) throw 7;
    other.number = 0;
  }
  Fragile& operator=(Fragile&& other) {
    if (throws_) throw 7;
    number = std::exchange(other.number, 0);
    return *this;
  }

  int number = 0;
  inline static thread_local bool throws_ = false;
};

// Whether `call` throws while messages cannot be moved.
template <typename Call>
bool throws_while_fragile(Call call) {
  Fragile::throws_ = true;
  bool thrown = false;
  try {
    call();
  } catch (int) {
    thrown = true;
  }
  Fragile::throws_ = false;
  return thrown;
}

// A message whose move throws is still there, and so are all others.
STEP_TEST(3, Mailbox, SurvivesAMoveThatThrows, "exception safety") {
  explore([] {
    Mailbox<Fragile> mailbox;
    mailbox.push(Fragile(1));
    mailbox.push(Fragile(2));
    check(throws_while_fragile([&] { static_cast<void>(mailbox.try_pop()); }),
          "try_pop must throw what moving the message throws");
    check(throws_while_fragile([&] { mailbox.push(Fragile(3)); }),
          "push must throw what moving the message throws");
    const std::optional<Fragile> first = mailbox.try_pop();
    check(first && first->number == 1,
          "the message whose move threw must still be there");
    const std::optional<Fragile> second = mailbox.try_pop();
    check(second && second->number == 2, "and so must the one after it");
    check(!mailbox.try_pop(), "a message whose push threw must not be there");
    mailbox.push(Fragile(4));
    const std::optional<Fragile> last = mailbox.try_pop();
    check(last && last->number == 4,
          "after a push that threw the mailbox must still work");
  });
}

}  // namespace
