// Tests of exercise 8.2. Each opens with its property; where it is about several threads,
// `explore` looks for the schedule that breaks it.
//
// What threads share is on the heap: Clang 14's hooks leave out what a function does with
// the members of its own local variables.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <select.hpp>  // in <>, so that the include path decides whose it is
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "channel.hpp"
#include "course/step_test.hpp"
#include "interleave/interleave.hpp"

namespace {

using interleave::check;
using interleave::explore;
using namespace std::chrono_literals;

// Some channels, each with room for `capacity` messages.
class Channels {
 public:
  explicit Channels(std::size_t count, std::size_t capacity = 4) {
    for (std::size_t i = 0; i < count; ++i) {
      all_.push_back(std::make_unique<Channel<int>>(capacity, Slow::kWait));
    }
  }

  [[nodiscard]] Channel<int>& operator[](std::size_t i) const { return *all_[i]; }

  // Those of these numbers, in this order.
  [[nodiscard]] std::vector<Channel<int>*> listed(
      const std::vector<std::size_t>& order) const {
    std::vector<Channel<int>*> list;
    for (const std::size_t i : order) list.push_back(all_[i].get());
    return list;
  }

 private:
  std::vector<std::unique_ptr<Channel<int>>> all_;
};

// "1 of channel 0", "the end of channel 0", "nothing".
std::string words(const std::optional<Selected<int>>& selected) {
  if (!selected) return "nothing";
  const std::string where = "channel " + std::to_string(selected->channel);
  if (!selected->message) return "the end of " + where;
  return std::to_string(*selected->message) + " of " + where;
}

void must_be(const std::optional<Selected<int>>& selected, const std::string& expected,
             interleave::Location where = interleave::Location::current()) {
  check(words(selected) == expected,
        "it must be " + expected + ", but it is " + words(selected), where);
}

// --- Step 1: Bell -----------------------------------------------------------------------

// A ring that came before the wait is remembered.
STEP_TEST(1, Bell, RemembersARing, "lost wake-up") {
  explore([] {
    const auto bell = std::make_unique<Bell>();
    bell->changed();
    bell->wait();
    bell->changed();
    bell->changed();
    bell->wait();
  });
}

// A ring at any moment wakes the thread that waits.
STEP_TEST(1, Bell, WakesTheSleeper, "lost wake-up") {
  explore([] {
    const auto bell = std::make_unique<Bell>();
    std::jthread ringer([&] { bell->changed(); });
    bell->wait();
  });
}

// Each wait wants a ring since the last one: what rang before, however often, is over.
STEP_TEST(1, Bell, WantsAnotherRing, "check then act") {
  explore([] {
    const auto bell = std::make_unique<Bell>();
    const auto rung = std::make_unique<std::atomic<bool>>(false);
    bell->changed();
    bell->changed();
    bell->wait();
    std::jthread ringer([&] {
      *rung = true;
      bell->changed();
    });
    bell->wait();
    check(*rung, "the second wait returned, although the bell had not rung again");
  });
}

// --- Step 2: take_one -------------------------------------------------------------------

// What is ready is taken, wherever it is; then there is nothing.
STEP_TEST(2, Select, TakesWhatIsReady, "lost message") {
  explore([] {
    const Channels channels(3);
    Select<int> select(channels.listed({0, 1, 2}));
    must_be(select.try_receive(), "nothing");
    check(channels[1].send(7), "there is room");
    must_be(select.try_receive(), "7 of channel 1");
    must_be(select.try_receive(), "nothing");
  });
}

// One call takes one message: all others stay where they are, in their order.
STEP_TEST(2, Select, TakesOneMessageAtATime, "lost message") {
  explore([] {
    const Channels channels(2);
    Select<int> select(channels.listed({0, 1}));
    for (const int message : {1, 2}) {
      check(channels[0].send(message) && channels[1].send(message + 10), "there is room");
    }
    std::array<std::string, 2> got;
    for (int i = 0; i < 4; ++i) {
      const auto selected = select.try_receive();
      check(selected && selected->message,
            "four messages were sent, but only " + std::to_string(i) + " arrive");
      if (selected && selected->message && selected->channel < 2) {
        got[selected->channel] += std::to_string(*selected->message) + " ";
      }
    }
    check(got[0] == "1 2 ", "channel 0 has 1 2, but what comes from it is " + got[0]);
    check(got[1] == "11 12 ", "channel 1 has 11 12, but what comes from it is " + got[1]);
  });
}

// A channel's end is told once, after its last message; the others continue.
STEP_TEST(2, Select, TellsEachEndOnce, "missed close") {
  explore([] {
    const Channels channels(3);
    Select<int> select(channels.listed({0, 1, 2}));
    check(channels[1].send(1), "there is room");
    channels[1].close();
    must_be(select.try_receive(), "1 of channel 1");
    must_be(select.try_receive(), "the end of channel 1");
    must_be(select.try_receive(), "nothing");
    check(channels[2].send(2), "there is room");
    must_be(select.try_receive(), "2 of channel 2");
    channels[2].close();
    channels[0].close();
    must_be(select.try_receive(), "the end of channel 0");
    must_be(select.try_receive(), "the end of channel 2");
    must_be(select.try_receive(), "nothing");
  });
}

// Without a seed, of several that are ready the one that is listed first comes first.
STEP_TEST(2, Select, AsksInTheirOrder, "unfair select") {
  explore([] {
    const Channels channels(3);
    Select<int> select(channels.listed({2, 0, 1}));
    for (std::size_t i = 0; i < 3; ++i)
      check(channels[i].send(static_cast<int>(i)), "room");
    must_be(select.try_receive(), "2 of channel 0");
    must_be(select.try_receive(), "0 of channel 1");
    check(channels[2].send(5), "there is room");
    must_be(select.try_receive(), "5 of channel 0");
    must_be(select.try_receive(), "1 of channel 2");
    channels[2].close();
    for (std::size_t i = 0; i < 2; ++i)
      check(channels[i].send(static_cast<int>(i)), "room");
    must_be(select.try_receive(), "the end of channel 0");  // it is listed first
    must_be(select.try_receive(), "0 of channel 1");
  });
}

// Two threads receive from the same channels: each message is taken once.
STEP_TEST(2, Select, SharesChannelsWithOthers, "lost message") {
  explore([] {
    const auto channels = std::make_unique<Channels>(2);
    check((*channels)[0].send(1) && (*channels)[1].send(2), "there is room");
    const auto sum = std::make_unique<std::array<int, 2>>();
    const auto take = [&channels](int& got) {
      Select<int> select(channels->listed({0, 1}));
      const auto selected = select.try_receive();
      check(selected && selected->message, "there is a message for each of the two");
      if (selected) got = selected->message.value_or(0);
    };
    {
      std::jthread other([&] { take((*sum)[1]); });
      take((*sum)[0]);
    }
    check((*sum)[0] + (*sum)[1] == 3, "1 and 2 must be taken once each, but one got " +
                                          std::to_string((*sum)[0]) + ", the other " +
                                          std::to_string((*sum)[1]));
  });
}

// What is ready is found by at most one look at each channel.
STEP_TEST(2, Select, CostOfReceiving, "contention") {
  explore([] {
    const Channels channels(4);
    Select<int> select(channels.listed({0, 1, 2, 3}));
    check(channels[3].send(1), "there is room");
    const interleave::Cost cost("try_receive");
    check(select.try_receive().has_value(), "a message is there");
  });
}

// --- Step 3: wait_for_one -----------------------------------------------------

// What is ready is received by at most one look at each channel, whatever waiting needs.
STEP_TEST(3, Select, CostOfNotWaiting, "contention") {
  explore([] {
    const Channels channels(4);
    Select<int> select(channels.listed({0, 1, 2, 3}));
    check(channels[3].send(1), "there is room");
    const interleave::Cost cost("receive");
    check(select.receive().has_value(), "a message is there");
  });
}

// What is ready is received at once.
STEP_TEST(3, Select, WaitFindsWhatIsReady, "lost wake-up") {
  explore([] {
    const Channels channels(2);
    Select<int> select(channels.listed({0, 1}));
    check(channels[1].send(1), "there is room");
    must_be(select.receive(), "1 of channel 1");
    channels[1].close();
    must_be(select.receive(), "the end of channel 1");
  });
}

// With no channel, or after every channel's end, there is nothing to wait for.
STEP_TEST(3, Select, NeverWaitsForWhatHasEnded, "missed close") {
  explore([] {
    Select<int> none({});
    must_be(none.receive(), "nothing");
    const Channels channels(2);
    Select<int> select(channels.listed({0, 1}));
    channels[0].close();
    channels[1].close();
    must_be(select.receive(), "the end of channel 0");
    must_be(select.receive(), "the end of channel 1");
    must_be(select.receive(), "nothing");
    must_be(select.receive(), "nothing");
  });
}

// A message that is sent at any moment, in any channel, is received.
STEP_TEST(3, Select, WakesForAMessage, "lost wake-up") {
  explore([] {
    const auto channels = std::make_unique<Channels>(2);
    std::jthread sender([&] { check((*channels)[1].send(1), "there is room"); });
    Select<int> select(channels->listed({0, 1}));
    must_be(select.receive(), "1 of channel 1");
  });
}

// An end that comes at any moment, in any channel, is told.
STEP_TEST(3, Select, WakesForAnEnd, "missed close") {
  explore([] {
    const auto channels = std::make_unique<Channels>(2);
    std::jthread sender([&] { (*channels)[1].close(); });
    Select<int> select(channels->listed({0, 1}));
    must_be(select.receive(), "the end of channel 1");
  });
}

// Two senders, two channels: one receive after the other gets both.
STEP_TEST(3, Select, WakesForEither, "lost wake-up") {
  explore([] {
    const auto channels = std::make_unique<Channels>(2);
    std::jthread sender0([&] { check((*channels)[0].send(1), "there is room"); });
    std::jthread sender1([&] { check((*channels)[1].send(2), "there is room"); });
    Select<int> select(channels->listed({0, 1}));
    int sum = 0;
    for (int i = 0; i < 2; ++i) {
      const auto selected = select.receive();
      check(selected && selected->message, "each message must be received");
      if (selected) sum += selected->message.value_or(0);
    }
    check(sum == 3, "1 and 2 must be received once each");
  });
}

// One object serves again and again: it sleeps a second time, and is woken a second time.
STEP_TEST(3, Select, ServesAgain, "lost wake-up") {
  explore([] {
    const auto channels = std::make_unique<Channels>(1, 1);
    std::jthread sender([&] {
      check((*channels)[0].send(1) && (*channels)[0].send(2), "there will be room");
      (*channels)[0].close();
    });
    Select<int> select(channels->listed({0}));
    must_be(select.receive(), "1 of channel 0");
    must_be(select.receive(), "2 of channel 0");
    must_be(select.receive(), "the end of channel 0");
    must_be(select.receive(), "nothing");
  });
}

// Two threads wait for the same channel: each gets one message, or they are told its end. One
// that is woken for a message that the other one took sleeps again.
STEP_TEST(3, Select, SleepsAgainIfAnotherWasFaster, "check then act") {
  explore([] {
    const auto channels = std::make_unique<Channels>(2);
    const auto receive = [&channels] {
      Select<int> select(channels->listed({0}));
      const auto selected = select.receive();
      check(selected && selected->message, "a message was sent for each of the two");
    };
    std::jthread one(receive);
    std::jthread two(receive);
    check((*channels)[0].send(1), "there is room");
    check((*channels)[0].send(2), "there is room");
  });
}

// Selects that list the same channels in opposite orders do not wait for each other.
STEP_TEST(3, Select, OppositeOrdersEnd, "lock order") {
  explore([] {
    const auto channels = std::make_unique<Channels>(2);
    std::jthread other([&] {
      Select<int> select(channels->listed({1, 0}));
      check(select.receive().has_value(), "there is a message for each of the two");
    });
    check((*channels)[0].send(1) && (*channels)[1].send(2), "there is room");
    Select<int> select(channels->listed({0, 1}));
    check(select.receive().has_value(), "there is a message for each of the two");
  });
}

// Once receive has returned, no channel knows of it any more.
STEP_TEST(3, Select, IsForgottenAfterwards, "lifetime") {
  explore([] {
    const auto channels = std::make_unique<Channels>(2);
    {
      std::jthread sender([&] {
        (*channels)[1].close();
        check((*channels)[0].send(1), "there is room");
      });
      const auto select = std::make_unique<Select<int>>(channels->listed({0, 1}));
      check(select->receive().has_value(), "a message, or an end");
      check(select->receive().has_value(), "the other one");
    }
    check((*channels)[0].send(2), "there is room");
    (*channels)[0].close();
    (*channels)[1].leave();
  });
}

// A message that cannot be moved when it is taken, whatever it throws.
struct Fragile {
  explicit Fragile(std::shared_ptr<int> fuse_in) : fuse(std::move(fuse_in)) {}
  Fragile(Fragile&& other) : fuse(other.fuse) {
    if (--*fuse == 0) throw 7;
  }
  std::shared_ptr<int> fuse;
};

// What a message's move throws, of any type, reaches the caller; the message stays where it
// was, and no channel knows of the Select any more.
STEP_TEST(3, Select, IsForgottenAfterAnException, "exception safety") {
  explore([] {
    const auto fuse = std::make_shared<int>(0);
    const auto channel = std::make_unique<Channel<Fragile>>(2, Slow::kWait);
    const auto other = std::make_unique<Channel<Fragile>>(2, Slow::kWait);
    bool thrown = false;
    {
      std::jthread sender([&] {
        Fragile message(fuse);
        std::this_thread::sleep_for(1ms);  // the other one sleeps
        *fuse = 3;                         // into send, into the queue, and out of it
        check(channel->send(std::move(message)), "there is room");
      });
      const auto select = std::make_unique<Select<Fragile>>(
          std::vector<Channel<Fragile>*>{other.get(), channel.get()});
      try {
        static_cast<void>(select->receive());
      } catch (int) {
        thrown = true;
      }
    }
    *fuse = 0;
    check(thrown, "what the move throws must reach the caller of receive");
    check(other->send(Fragile(fuse)), "there is room");
    channel->close();
    check(channel->poll().message.has_value(),
          "the message must still be in its channel");
  });
}

// A thread that waits sleeps, for as long as it takes, and is woken once; what rang before does
// not keep it awake.
STEP_TEST(3, Select, CostOfWaiting, "busy waiting") {
  explore([] {
    const auto channels = std::make_unique<Channels>(2);
    std::jthread sender([&] {
      for (int message = 1; message <= 2; ++message) {
        std::this_thread::sleep_for(interleave::explores_schedules() ? 10s : 1ms);
        check((*channels)[1].send(message), "there is room");
      }
    });
    Select<int> select(channels->listed({0, 1}));
    check(select.receive().has_value(), "a message was sent");
    const interleave::Cost cost("wait");
    check(select.receive().has_value(), "another message was sent");
  });
}

// What a sender pays once receive has returned: the channel's own lock, and no bell.
STEP_TEST(3, Select, CostOfSendingAfterwards, "contention") {
  explore([] {
    const auto channels = std::make_unique<Channels>(2);
    Select<int> select(channels->listed({0, 1}));
    {
      std::jthread sender([&] {
        std::this_thread::sleep_for(1ms);  // the other one sleeps
        check((*channels)[1].send(1), "there is room");
      });
      check(select.receive().has_value(), "a message was sent");
    }
    const interleave::Cost cost("send");
    check((*channels)[1].send(2), "there is room");
  });
}

// --- Step 4: draw_order -----------------------------------------------------------------

// Sends and receives `rounds` messages; every channel in `ready`, of `count`, has one each time.
// Returns which was chosen, each time.
std::vector<std::size_t> choices(std::size_t count, const std::set<std::size_t>& ready,
                                 int rounds, std::uint64_t seed) {
  const Channels channels(count, 1);
  std::vector<std::size_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = i;
  Select<int> select(channels.listed(order), seed);
  for (const std::size_t i : ready) EXPECT_TRUE(channels[i].send(1));
  std::vector<std::size_t> chosen;
  for (int round = 0; round < rounds; ++round) {
    const auto selected = select.try_receive();
    if (!selected || selected->channel >= count) break;
    chosen.push_back(selected->channel);
    EXPECT_TRUE(channels[selected->channel].send(1));
  }
  return chosen;
}

// Each of `ready` was chosen as often as the others, give or take a tenth of all rounds.
void expect_fair(std::size_t count, const std::set<std::size_t>& ready,
                 std::uint64_t seed) {
  constexpr int rounds = 1000;
  const std::vector<std::size_t> chosen = choices(count, ready, rounds, seed);
  const int share = rounds / static_cast<int>(ready.size());
  for (const std::size_t i : ready) {
    const auto times = std::count(chosen.begin(), chosen.end(), i);
    EXPECT_NEAR(static_cast<double>(times), share, rounds / 10)
        << "channel " << i << " of " << count << " was chosen " << times << " of "
        << rounds << " times; " << ready.size()
        << " were ready each time, so it must be about " << share << " (seed " << seed
        << ")";
  }
}

// Of channels that are always ready each is chosen as often as the others.
STEP_TEST(4, Select, IsFair, "unfair select") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    expect_fair(2, {0, 1}, seed);
    expect_fair(3, {0, 1, 2}, seed);
    expect_fair(5, {0, 1, 2, 3, 4}, seed);
  }
}

// Silent channels between those that are ready change nothing.
STEP_TEST(4, Select, IsFairBesideSilentChannels, "unfair select") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    expect_fair(5, {0, 1}, seed);
    expect_fair(5, {1, 2, 4}, seed);
    expect_fair(8, {0, 7}, seed);
  }
}

// The same seed leads to the same choices.
STEP_TEST(4, Select, RepeatsItselfForASeed, "unfair select") {
  const std::set<std::size_t> all = {0, 1, 2, 3, 4};
  EXPECT_EQ(choices(5, all, 50, 7), choices(5, all, 50, 7))
      << "two Selects with the seed 7 chose differently";
}

// Channels that have ended are told once, and leave the others their fair share.
STEP_TEST(4, Select, IsFairAfterAnEnd, "unfair select") {
  const Channels channels(3, 1);
  Select<int> select(channels.listed({0, 1, 2}), 1);
  channels[1].close();
  EXPECT_EQ(words(select.try_receive()), "the end of channel 1");
  std::array<int, 3> chosen{};
  for (int round = 0; round < 1000; ++round) {
    EXPECT_TRUE(channels[0].send(1) && channels[2].send(1));
    const auto selected = select.try_receive();
    ASSERT_TRUE(selected && selected->message);
    ++chosen[selected->channel];
    static_cast<void>(channels[2 - selected->channel].poll());
  }
  EXPECT_EQ(chosen[1], 0) << "channel 1 has ended";
  EXPECT_NEAR(chosen[0], 500, 100) << "channels 0 and 2 were ready each time";
}

}  // namespace
