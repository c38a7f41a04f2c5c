// Tests of exercise 8.1. Each opens with its property; where it is about several threads,
// `explore` looks for the schedule, and for the old value in memory, that breaks it.
//
// What threads share is on the heap: Clang 14's hooks leave out what a function does with
// the members of its own local variables.
#include <array>
#include <atomic>
#include <broadcast_ring.hpp>  // in <>, so that the include path decides whose it is
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "course/step_test.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;

// Two halves that belong together.
using Pair = std::array<int, 2>;

// A number that may be read while it is written: where a slot is overwritten too early, the
// subscriber reads a wrong one.
class Number {
 public:
  Number() = default;
  Number(int value) : value_(value) {}  // implicit: a test publishes numbers
  Number(const Number& other) : value_(other.value()) {}
  Number& operator=(const Number& other) {
    value_.store(other.value(), std::memory_order_relaxed);
    return *this;
  }
  [[nodiscard]] int value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int> value_ = 0;
};

// All that can be received now, "1 2 3 ". No test has twenty messages: where more come, the
// first twenty are wrong enough.
template <typename Source>
std::string all_of(Source& source) {
  std::string all;
  for (int i = 0; i < 20; ++i) {
    const auto message = source.try_receive();
    if (!message) break;
    all += std::to_string(*message) + " ";
  }
  return all;
}

template <typename Ring>
bool can_subscribe(Ring& ring) {
  try {
    static_cast<void>(ring.subscribe());
    return true;
  } catch (const std::length_error&) {
    return false;
  }
}

// --- Step 1: subscribe and unsubscribe --------------------------------------------------

// There are as many subscribers at a time as there are seats; one more is refused.
STEP_TEST(1, BroadcastRing, HasASeatForEachSubscriber, "subscription") {
  explore([] {
    BroadcastRing<int> ring(4, 2);
    const auto one = ring.subscribe();
    {
      const auto two = ring.subscribe();
      check(!can_subscribe(ring),
            "both seats are taken: subscribe must throw std::length_error");
    }
    check(can_subscribe(ring), "a subscriber was destroyed: its seat must be free again");
    check(can_subscribe(ring), "and again, for the next one");
  });
}

// Two threads that subscribe at the same time do not get the same seat.
STEP_TEST(1, BroadcastRing, GivesASeatToOneSubscriber, "check then act") {
  explore([] {
    const auto ring = std::make_unique<BroadcastRing<int>>(4, 1);
    using Seated = std::optional<BroadcastRing<int>::Subscriber>;
    Seated one;
    Seated two;
    const auto take_a_seat = [&ring](Seated& seated) {
      try {
        seated.emplace(ring->subscribe());
      } catch (const std::length_error&) {
      }
    };
    {
      std::jthread other([&] { take_a_seat(two); });
      take_a_seat(one);
    }
    check(one.has_value() != two.has_value(),
          "exactly one of the two can have the only seat");
  });
}

// A seat that was given back, and taken by another subscriber, is not given back a second time.
STEP_TEST(1, BroadcastRing, GivesASeatBackOnce, "subscription") {
  explore([] {
    BroadcastRing<int> ring(4, 1);
    auto gone = ring.subscribe();
    gone.unsubscribe();
    const auto next = ring.subscribe();
    gone.unsubscribe();
    check(!can_subscribe(ring),
          "unsubscribe a second time gave away the next subscriber's seat");
  });
}

// --- Step 2: try_publish and try_receive ------------------------------------------------

// Each subscriber gets each message, once and in order.
STEP_TEST(2, BroadcastRing, ReachesEverySubscriber, "subscription") {
  explore([] {
    BroadcastRing<int> ring(4, 3);
    auto one = ring.subscribe();
    auto two = ring.subscribe();
    for (const int message : {1, 2, 3}) check(ring.try_publish(message), "there is room");
    const std::string first = all_of(one);
    const std::string second = all_of(two);
    check(first == "1 2 3 ",
          "try_receive must give 1 2 3 and then nothing; it gave " + first);
    check(second == "1 2 3 ", "the same for the other subscriber; it got " + second);
  });
}

// A message that a subscriber still needs is not overwritten: try_publish refuses, and publishes
// nothing, until the slowest subscriber has read on.
STEP_TEST(2, BroadcastRing, DoesNotOvertakeTheSlowest, "overrun cursor") {
  explore([] {
    BroadcastRing<int> ring(2, 2);
    auto fast = ring.subscribe();
    auto slow = ring.subscribe();
    check(ring.try_publish(1) && ring.try_publish(2), "there is room for two");
    check(all_of(fast) == "1 2 ", "the fast one reads both");
    check(!ring.try_publish(3), "the slow one has read nothing: there is no room");
    check(slow.try_receive() == 1, "it still gets the first message");
    check(ring.try_publish(4), "now there is room");
    check(!ring.try_publish(5), "for one");
    const std::string rest = all_of(slow);
    check(rest == "2 4 ", "the slow one must get 2 4, and gets " + rest);
    check(all_of(fast) == "4 ", "what was refused is not published");
  });
}

// Where no subscriber is there, or all have left, there is always room.
STEP_TEST(2, BroadcastRing, IsNeverFullWithoutSubscribers, "slow subscriber") {
  explore([] {
    BroadcastRing<int> ring(2, 2);
    for (int message = 0; message < 5; ++message) {
      check(ring.try_publish(message),
            "no subscriber is there: try_publish must not refuse");
    }
    auto leaves = ring.subscribe();
    { const auto leaves_too = ring.subscribe(); }
    check(ring.try_publish(5) && ring.try_publish(6), "there is room for two");
    leaves.unsubscribe();
    for (int message = 7; message < 12; ++message) {
      check(ring.try_publish(message), "the last one left: try_publish must not refuse");
    }
  });
}

// A subscriber gets what is published after it subscribed, even before its first look, and
// nothing from before.
STEP_TEST(2, BroadcastRing, StartsWithTheNextMessage, "subscription") {
  explore([] {
    BroadcastRing<int> ring(4, 2);
    check(ring.try_publish(1) && ring.try_publish(2), "no subscriber is there");
    auto subscriber = ring.subscribe();
    check(ring.try_publish(3), "there is room");
    const std::string got = all_of(subscriber);
    check(got == "3 ", "it subscribed between 2 and 3: it must get 3, and gets " + got);
  });
}

// A subscriber that arrives, or finds no seat, changes nothing for those that are there.
STEP_TEST(2, BroadcastRing, AnArrivalChangesNoOther, "subscription") {
  explore([] {
    BroadcastRing<int> ring(2, 2);
    auto one = ring.subscribe();
    check(ring.try_publish(1) && ring.try_publish(2), "there is room for two");
    auto two = ring.subscribe();
    check(!can_subscribe(ring), "both seats are taken");
    check(!ring.try_publish(3),
          "the first subscriber has read nothing: there is no room");
    const std::string first = all_of(one);
    check(first == "1 2 ",
          "it was there before 1 2 were published, but it gets " + first);
    const std::string second = all_of(two);
    check(second.empty(), "the other arrived after them, but it gets " + second);
  });
}

// A subscriber that left receives nothing more, and takes nothing from the one that has its seat
// now.
STEP_TEST(2, BroadcastRing, GivesNothingToWhoLeft, "subscription") {
  explore([] {
    BroadcastRing<int> ring(2, 1);
    auto gone = ring.subscribe();
    check(ring.try_publish(1), "there is room");
    gone.unsubscribe();
    check(!gone.try_receive(), "it is not subscribed any more");
    auto next = ring.subscribe();
    check(ring.try_publish(2) && ring.try_publish(3), "there is room for two");
    check(!gone.try_receive(), "it is still not subscribed");
    check(!ring.try_publish(4), "the new subscriber has read nothing");
    check(all_of(next) == "2 3 ", "the new subscriber gets both");
  });
}

// A subscriber that was moved to another place continues where it was.
STEP_TEST(2, BroadcastRing, MovesASubscriber, "subscription") {
  explore([] {
    BroadcastRing<int> ring(2, 1);
    auto here = ring.subscribe();
    check(ring.try_publish(1) && ring.try_publish(2), "there is room for two");
    check(here.try_receive() == 1, "the first message");
    auto there = std::move(here);
    check(there.try_receive() == 2, "the second message, in another place");
  });
}

// The numbers of messages continue beyond 32 bits.
STEP_TEST(2, BroadcastRing, CountsBeyond32Bits, "overrun cursor") {
  explore([] {
    BroadcastRing<int> ring(4, 1, (std::uint64_t{1} << 32) - 3);
    auto subscriber = ring.subscribe();
    std::string got;
    for (int message = 1; message <= 6; ++message) {
      check(ring.try_publish(message), "everything was read: there is room");
      got += all_of(subscriber);
    }
    check(got == "1 2 3 4 5 6 ",
          "message 2^32 - 3 is followed by five more, but it got " + got);
  });
}

// What a message's copy throws, of any type, changes nothing: it can be received again.
STEP_TEST(2, BroadcastRing, AThrowingCopyLosesNothing, "exception safety") {
  struct Fragile {
    Fragile() = default;
    explicit Fragile(std::shared_ptr<int> fuse_in) : fuse(std::move(fuse_in)) {}
    Fragile(const Fragile& other) : fuse(other.fuse) { burn(); }
    Fragile& operator=(const Fragile& other) {
      fuse = other.fuse;
      burn();
      return *this;
    }
    void burn() const {
      if (fuse != nullptr && --*fuse == 0) throw 7;
    }
    std::shared_ptr<int> fuse;
  };
  explore([] {
    const auto fuse = std::make_shared<int>(0);
    BroadcastRing<Fragile> ring(1, 1);
    auto subscriber = ring.subscribe();
    const auto throws = [&](auto action) {
      *fuse = 1;
      try {
        action();
      } catch (int) {
        return true;
      }
      return false;
    };
    const Fragile message(fuse);
    check(throws([&] { static_cast<void>(ring.try_publish(message)); }),
          "what copying throws must reach the publisher");
    check(!subscriber.try_receive(),
          "a message that could not be copied is not published");
    check(ring.try_publish(message), "there is room");
    check(throws([&] { static_cast<void>(subscriber.try_receive()); }),
          "what copying throws must reach the subscriber");
    check(subscriber.try_receive().has_value(), "the message must still be there");
  });
}

// A message is seen whole, and its slot is not overwritten before it was read.
STEP_TEST(2, BroadcastRing, EachMessageArrivesWhole, "overrun cursor") {
  explore([] {
    const auto ring = std::make_unique<BroadcastRing<Pair>>(1, 1);
    auto subscriber = ring->subscribe();
    std::jthread reader([&] {
      for (int look = 0; look < 2; ++look) {
        if (const auto message = subscriber.try_receive()) {
          check((*message)[0] == (*message)[1], "half of a message was received");
        }
      }
    });
    for (int message = 1; message <= 2; ++message) {
      static_cast<void>(ring->try_publish({message, message}));
    }
  });
}

// Two subscribers read while the publisher publishes: neither is overtaken.
STEP_TEST(2, BroadcastRing, TwoReadWhileItPublishes, "overrun cursor") {
  explore([] {
    const auto ring = std::make_unique<BroadcastRing<Number>>(1, 2);
    auto one = ring->subscribe();
    auto two = ring->subscribe();
    const auto read = [](BroadcastRing<Number>::Subscriber& subscriber) {
      const auto message = subscriber.try_receive();
      check(!message || message->value() == 1,
            "the first message was overwritten before it was read");
    };
    std::jthread reader1([&] { read(one); });
    std::jthread reader2([&] { read(two); });
    for (int message = 1; message <= 2; ++message)
      static_cast<void>(ring->try_publish(message));
  });
}

// What a publish costs with 64 subscribers that keep up: they are looked at once in a lap.
STEP_TEST(2, BroadcastRing, CostOfPublishing, "contention") {
  constexpr std::uint64_t capacity = 64;
  explore([] {
    BroadcastRing<int> ring(capacity, 64);
    std::vector<BroadcastRing<int>::Subscriber> subscribers;
    for (int i = 0; i < 64; ++i) subscribers.push_back(ring.subscribe());
    const auto publish_a_lap = [&ring] {
      for (int message = 0; message < int{capacity}; ++message) {
        check(ring.try_publish(message), "everything was read: there is room");
      }
    };
    publish_a_lap();
    for (auto& subscriber : subscribers) {
      for (std::uint64_t i = 0; i < capacity; ++i) {
        check(subscriber.try_receive().has_value(), "a lap was published");
      }
    }
    const interleave::Cost cost("try_publish", capacity);
    publish_a_lap();
  });
}

// What it costs to receive one message.
STEP_TEST(2, BroadcastRing, CostOfReceiving, "contention") {
  explore([] {
    BroadcastRing<int> ring(4, 64);
    auto subscriber = ring.subscribe();
    check(ring.try_publish(1), "there is room");
    const interleave::Cost cost("try_receive");
    check(subscriber.try_receive() == 1, "there is a message");
  });
}

// --- Step 3: the ring that drops the oldest ---------------------------------------------

// A listener that keeps up hears every message from when it began, once and in order.
STEP_TEST(3, LossyRing, IsHeardInOrder, "subscription") {
  explore([] {
    LossyRing<int> ring(4);
    ring.publish(1);
    auto listener = ring.listen();
    check(!listener.try_receive(), "it began after 1: there is nothing to hear yet");
    std::string got;
    for (int message = 2; message <= 7; ++message) {
      ring.publish(message);
      got += all_of(listener);
    }
    check(got == "2 3 4 5 6 7 ", "it must hear 2 3 4 5 6 7, and hears " + got);
    check(listener.missed() == 0,
          "it kept up, and missed " + std::to_string(listener.missed()));
  });
}

// A listener that was overrun continues with the oldest message that is left, and counts the
// others.
STEP_TEST(3, LossyRing, LosesTheOldest, "overrun cursor") {
  explore([] {
    LossyRing<int> ring(4);
    auto listener = ring.listen();
    for (int message = 1; message <= 10; ++message) ring.publish(message);
    const std::string got = all_of(listener);
    check(got == "8 9 10 " || got == "7 8 9 10 ",
          "of ten messages in a ring of 4 the last three or four are left, but it gets " +
              got);
    const std::uint64_t missed = listener.missed();
    check(missed == (got == "8 9 10 " ? 7 : 6),
          "what it did not get it must have counted, but missed() is " +
              std::to_string(missed));
    ring.publish(11);
    check(all_of(listener) == "11 " && listener.missed() == missed,
          "from here it keeps up");
  });
}

// Messages of any size come whole: a byte, and one that does not fill its last word.
STEP_TEST(3, LossyRing, CarriesAnySize, "atomicity") {
  struct Odd {
    std::uint64_t one;
    std::uint64_t two;
    std::uint32_t three;
  };
  explore([] {
    LossyRing<char> bytes(2);
    auto hears_bytes = bytes.listen();
    bytes.publish('x');
    check(hears_bytes.try_receive() == 'x', "a byte must come as it is");
    LossyRing<Odd> odd(2);
    auto hears_odd = odd.listen();
    odd.publish({~std::uint64_t{0}, 1, 0xfeedbeef});
    const auto got = hears_odd.try_receive();
    check(
        got && got->one == ~std::uint64_t{0} && got->two == 1 && got->three == 0xfeedbeef,
        "twenty bytes must come as they are");
  });
}

// The numbers of messages continue beyond 32 bits.
STEP_TEST(3, LossyRing, CountsBeyond32Bits, "overrun cursor") {
  explore([] {
    LossyRing<int> ring(4, (std::uint64_t{1} << 32) - 3);
    auto listener = ring.listen();
    for (int message = 1; message <= 10; ++message) ring.publish(message);
    const std::string got = all_of(listener);
    check(got == "8 9 10 " || got == "7 8 9 10 ",
          "the newest must be left, but it gets " + got);
    check(listener.missed() == (got == "8 9 10 " ? 7 : 6),
          "what it did not get it must have counted, but missed() is " +
              std::to_string(listener.missed()));
  });
}

// A message that is overwritten while it is copied is not received: each one comes whole.
STEP_TEST(3, LossyRing, EachMessageIsWhole, "overrun cursor") {
  explore([] {
    const auto ring = std::make_unique<LossyRing<std::array<std::uint64_t, 2>>>(2);
    auto listener = ring->listen();
    std::jthread publisher([&] {
      for (std::uint64_t message = 1; message <= 3; ++message)
        ring->publish({message, message});
    });
    if (const auto message = listener.try_receive()) {
      check((*message)[0] == (*message)[1],
            "half of a message, and half of the next one");
    }
  });
}

// While the newest message is never the one that is overwritten, there is always one to hear.
STEP_TEST(3, LossyRing, TriesAgainWhenOverrun, "overrun cursor") {
  explore([] {
    const auto ring = std::make_unique<LossyRing<std::uint64_t>>(2);
    auto listener = ring->listen();
    ring->publish(1);
    std::jthread publisher([&] {
      for (std::uint64_t message = 2; message <= 3; ++message) ring->publish(message);
    });
    check(listener.try_receive().has_value(),
          "message 1 was published, and then newer ones: try_receive must find one of "
          "them");
  });
}

// Whatever is overwritten when: messages come in order, and each was received or counted.
STEP_TEST(3, LossyRing, CountsWhatItMissed, "overrun cursor") {
  explore([] {
    const auto ring = std::make_unique<LossyRing<std::uint64_t>>(2);
    auto listener = ring->listen();
    std::uint64_t received = 0;
    {
      std::jthread publisher([&] {
        for (std::uint64_t message = 1; message <= 3; ++message) ring->publish(message);
      });
      if (const auto message = listener.try_receive()) {
        ++received;
        check(*message == received + listener.missed(),
              "the message does not follow what was received and missed before");
      }
    }
    while (const auto message = listener.try_receive()) {
      ++received;
      check(*message == received + listener.missed(),
            "the message does not follow what was received and missed before");
    }
    check(received + listener.missed() == 3,
          "three were published: received or missed, each once");
  });
}

// What a publish costs, whatever number of listeners there are: they are never looked at.
STEP_TEST(3, LossyRing, CostOfPublishing, "contention") {
  constexpr std::uint64_t lap = 64;
  explore([] {
    LossyRing<std::uint64_t> ring(lap);
    std::vector<LossyRing<std::uint64_t>::Listener> listeners;
    for (int i = 0; i < 64; ++i) listeners.push_back(ring.listen());
    const interleave::Cost cost("publish", lap);
    for (std::uint64_t message = 0; message < lap; ++message) ring.publish(message);
  });
}

// What it costs to hear one message.
STEP_TEST(3, LossyRing, CostOfListening, "contention") {
  explore([] {
    LossyRing<std::uint64_t> ring(4);
    auto listener = ring.listen();
    ring.publish(1);
    const interleave::Cost cost("Listener::try_receive");
    check(listener.try_receive() == 1, "there is a message");
  });
}

// --- Step 4: all of BroadcastRing, while subscribers come and go --------------------------

// A subscriber that arrives while the publisher runs is seen in time: what it receives is not
// overwritten, and it misses none between two that it gets.
STEP_TEST(4, BroadcastRing, ArrivesWhileItPublishes, "overrun cursor") {
  explore([] {
    const auto ring = std::make_unique<BroadcastRing<Number>>(2, 1);
    std::jthread publisher([&] {
      int message = 1;
      for (int attempt = 0; attempt < 4; ++attempt) message += ring->try_publish(message);
    });
    auto subscriber = ring->subscribe();
    const auto first = subscriber.try_receive();
    const auto second = subscriber.try_receive();
    check(!first || !second || second->value() == first->value() + 1,
          "a subscriber that arrived between two messages was overrun");
  });
}

// Subscribers come and go on one seat while the publisher runs.
STEP_TEST(4, BroadcastRing, OneLeavesAndAnotherComes, "overrun cursor") {
  explore([] {
    const auto ring = std::make_unique<BroadcastRing<Pair>>(1, 1);
    std::jthread publisher([&] {
      for (int message = 1; message <= 2; ++message) {
        static_cast<void>(ring->try_publish({message, message}));
      }
    });
    for (int visit = 0; visit < 2; ++visit) {
      auto subscriber = ring->subscribe();
      if (const auto message = subscriber.try_receive()) {
        check((*message)[0] == (*message)[1], "half of a message was received");
      }
    }
  });
}

}  // namespace
