// Tests of the reference. Each opens with its property; where it is about several threads,
// `explore` looks for the schedule that breaks it.
#include "channels.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "../../solutions/08-channels/broadcast_ring.hpp"
#include "channel.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;

// All that is left in a subscription of a closed topic, "1 2 3 ".
template <typename Source>
std::string rest_of(Source& source) {
  std::string all;
  while (const auto message = source.receive()) all += std::to_string(*message) + " ";
  return all;
}

// --- Channel --------------------------------------------------------------------------

// Messages are received in the order in which they were sent, then the end.
TEST(Channel, KeepsOrder) {
  explore([] {
    Channel<int> channel(3, Slow::kWait);
    for (const int message : {1, 2, 3}) check(channel.send(message), "there is room");
    channel.close();
    check(!channel.send(4), "nothing can be sent after the end");
    check(rest_of(channel) == "1 2 3 ", "what was queued is received, in order");
    const Look<int> look = channel.poll();
    check(!look.message && look.ended, "then the end");
  });
}

// A queue that can hold nothing is refused.
TEST(Channel, NeedsRoom) {
  EXPECT_THROW(Channel<int>(0, Slow::kDropOldest), std::invalid_argument);
}

// Dropping the oldest keeps the newest, and counts.
TEST(Channel, DropsTheOldest) {
  explore([] {
    Channel<int> channel(2, Slow::kDropOldest);
    for (const int message : {1, 2, 3, 4}) check(channel.send(message), "it always fits");
    channel.close();
    check(channel.missed() == 2, "two were dropped");
    check(rest_of(channel) == "3 4 ", "the newest are kept");
  });
}

// A receiver that is cut off has all messages up to there, and then the end.
TEST(Channel, CutsOff) {
  explore([] {
    Channel<int> channel(2, Slow::kCutOff);
    check(channel.send(1) && channel.send(2), "there is room");
    check(!channel.cut_off(), "no receiver is slow yet");
    check(!channel.send(3) && channel.cut_off(), "the third does not fit");
    check(rest_of(channel) == "1 2 ", "what was queued is received");
  });
}

// A sender that waits for room continues once there is some, and nothing is lost.
TEST(Channel, WaitsForRoom) {
  explore([] {
    const auto channel = std::make_unique<Channel<int>>(1, Slow::kWait);
    std::jthread sender([&] {
      check(channel->send(1) && channel->send(2), "there will be room");
      channel->close();
    });
    check(rest_of(*channel) == "1 2 ", "nothing is lost");
  });
}

// A sender that waits for room returns when its receiver leaves.
TEST(Channel, LeavingFreesTheSender) {
  explore([] {
    const auto channel = std::make_unique<Channel<int>>(1, Slow::kWait);
    std::jthread sender([&] {
      static_cast<void>(channel->send(1));
      check(!channel->send(2), "there is never room for a second message");
    });
    channel->leave();
  });
}

// A watcher is told of a message and of the end; after unwatch, of nothing.
TEST(Channel, TellsItsWatchers) {
  struct Counter final : Watcher {
    void changed() noexcept override { ++calls; }
    int calls = 0;
  };
  explore([] {
    Channel<int> channel(2, Slow::kWait);
    Counter counter;
    channel.watch(counter);
    check(channel.send(1) && counter.calls == 1, "a message is told");
    channel.unwatch(counter);
    check(channel.send(2) && counter.calls == 1, "it does not watch any more");
    channel.watch(counter);
    channel.close();
    check(counter.calls == 2, "the end is told");
    channel.unwatch(counter);
  });
}

// What a message's move throws leaves it where it was.
TEST(Channel, AThrowingMoveLosesNothing) {
  struct Fragile {
    explicit Fragile(std::shared_ptr<int> throws_in) : throws(std::move(throws_in)) {}
    Fragile(const Fragile&) = default;
    Fragile(Fragile&& other) : throws(other.throws) {
      if ((*throws)-- == 1) throw 7;
    }
    std::shared_ptr<int> throws;
  };
  explore([] {
    const auto throws = std::make_shared<int>(0);
    Channel<Fragile> channel(1, Slow::kWait);
    check(channel.send(Fragile(throws)), "there is room");
    *throws = 1;
    bool thrown = false;
    try {
      static_cast<void>(channel.receive());
    } catch (int) {
      thrown = true;
    }
    check(thrown, "the exception must arrive");
    check(channel.poll().message.has_value(), "the message must still be there");
  });
}

// --- Topic ----------------------------------------------------------------------------

// Every subscriber gets every message, in the order of publication.
TEST(Topic, ReachesEverySubscriber) {
  explore([] {
    Topic<int> topic;
    auto one = topic.subscribe(3, Slow::kWait);
    auto two = topic.subscribe(3, Slow::kWait);
    for (const int message : {1, 2, 3}) topic.publish(message);
    topic.close();
    check(rest_of(one) == "1 2 3 " && rest_of(two) == "1 2 3 ", "all to each");
  });
}

// Two publishers: every subscriber sees the same order.
TEST(Topic, HasOneOrder) {
  explore([] {
    Topic<int> topic;
    auto one = topic.subscribe(2, Slow::kWait);
    auto two = topic.subscribe(2, Slow::kWait);
    {
      std::jthread other([&] { topic.publish(1); });
      topic.publish(2);
    }
    topic.close();
    check(rest_of(one) == rest_of(two), "both must see one order");
  });
}

// A subscriber that arrives while messages are published gets all from some message on; one
// whose subscribing returned before gets them all.
TEST(Topic, ALateSubscriberHasNoGap) {
  explore([] {
    Topic<int> topic;
    std::jthread publisher([&] {
      for (const int message : {1, 2}) topic.publish(message);
      topic.close();
    });
    auto late = topic.subscribe(2, Slow::kWait);
    const std::string got = rest_of(late);
    check(got == "1 2 " || got == "2 " || got.empty(), "no gap: " + got);
  });
}

// Subscribers that come and go take nothing from the others, and do not hold up the publisher.
TEST(Topic, SurvivesUnsubscribing) {
  explore([] {
    Topic<int> topic;
    auto stays = topic.subscribe(2, Slow::kWait);
    std::jthread passer_by([&] { const auto gone = topic.subscribe(1, Slow::kWait); });
    for (const int message : {1, 2}) topic.publish(message);
    topic.close();
    check(rest_of(stays) == "1 2 ", "the subscriber that stays gets everything");
  });
}

// Closing frees a publisher that waits for a subscriber.
TEST(Topic, ClosingFreesThePublisher) {
  explore([] {
    Topic<int> topic;
    auto stopped = topic.subscribe(1, Slow::kWait);
    {
      std::jthread publisher([&] {
        for (const int message : {1, 2}) topic.publish(message);
      });
      topic.close();
    }
    const std::string got = rest_of(stopped);
    check(got.empty() || got == "1 ", "one message at most fits");
  });
}

// A closed topic's new subscriber sees the end at once.
TEST(Topic, IsClosedForLatecomers) {
  explore([] {
    Topic<int> topic;
    topic.close();
    auto late = topic.subscribe(1, Slow::kWait);
    topic.publish(1);
    check(rest_of(late).empty(), "there is nothing more to come");
  });
}

// Only the subscriber that does not keep up is affected by what was decided for it.
TEST(Topic, DecidesForEachSubscriber) {
  explore([] {
    Topic<int> topic;
    auto keeps_all = topic.subscribe(3, Slow::kWait);
    auto drops = topic.subscribe(1, Slow::kDropOldest);
    auto cut = topic.subscribe(1, Slow::kCutOff);
    for (const int message : {1, 2, 3}) topic.publish(message);
    topic.close();
    check(rest_of(keeps_all) == "1 2 3 " && keeps_all.missed() == 0,
          "nothing is lost here");
    check(rest_of(drops) == "3 " && drops.missed() == 2, "the newest is here");
    check(rest_of(cut) == "1 " && cut.cut_off(), "the first is here, and then the end");
  });
}

// --- Exercise 8.1's ring, to the end ---------------------------------------------------

// Comes, looks once, and goes.
void visit(BroadcastRing<int>& ring) {
  auto subscriber = ring.subscribe();
  const auto message = subscriber.try_receive();
  check(!message || *message == 1 || *message == 2, "a number that was never published");
}

// Every behaviour of `visitors` that come and go while two messages are published on a ring of
// one was run: none reads what is being written, none gets what was not published.
void expect_all_explored(int visitors, interleave::Memory memory) {
  if (!interleave::explores_schedules()) GTEST_SKIP() << "needs the schedule explorer";
  interleave::Options options;
  options.strategy = "reduced";
  options.memory = memory;
  options.schedules = 200'000;
  options.seconds = 60;
  const auto result = interleave::find_failure(
      [visitors] {
        const auto ring = std::make_unique<BroadcastRing<int>>(1, 2);
        std::vector<std::jthread> threads;
        for (int i = 0; i < visitors; ++i) threads.emplace_back([&] { visit(*ring); });
        for (const int message : {1, 2}) static_cast<void>(ring->try_publish(message));
      },
      options);
  EXPECT_TRUE(result.clean()) << result.picture;
  EXPECT_TRUE(result.exhaustive) << result.coverage;
}

// Two visitors, one order for all memory.
TEST(BroadcastRing, TwoComeAndGo) {
  expect_all_explored(2, interleave::Memory::kSequential);
}

// One visitor, all that C++'s memory model allows. Two of them take half a minute: demo A6e.
TEST(BroadcastRing, OneComesAndGoes) {
  expect_all_explored(1, interleave::Memory::kWeak);
}

}  // namespace
